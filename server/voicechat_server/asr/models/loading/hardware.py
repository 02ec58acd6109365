"""Devices this machine can't have, found out without PyTorch, whose import takes seconds."""

import ctypes
import runpy
import sys
from importlib.util import find_spec
from pathlib import Path

from voicechat_common.errors import ErrorCode, VoicechatError

_CUDA_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"


def refuse_absent_device(name: str) -> None:
    """Refuse a device that is surely not there. What passes may still turn out to be absent when it is used.

    Args:
        name: `cpu`, `mps`, `cuda` or `cuda:N`.

    Raises:
        VoicechatError: `device_absent`.
    """
    if name == "mps" and sys.platform != "darwin":
        raise absent(name, "only Apple's computers have Metal")
    if not name.startswith("cuda") or _torch_is_for("hip"):
        return
    if not _torch_is_for("cuda"):
        raise absent(name, "this PyTorch was built without CUDA")
    count = _cuda_devices()
    if count == 0:
        raise absent(name, "there is no NVIDIA GPU, or no driver for it")
    index = int(name.partition(":")[2] or 0)
    if index >= count:
        raise absent(name, f"this machine has {count} CUDA device{'' if count == 1 else 's'}")


def absent(name: str, reason: str) -> VoicechatError:
    """Return the error of a device that is not there."""
    return VoicechatError(
        ErrorCode.DEVICE_ABSENT,
        f"There is no device {name}: {reason}.",
        "Use --device cpu, or install a PyTorch and a driver for the device.",
    )


def _torch_is_for(platform: str) -> bool:
    """Return whether the installed PyTorch was built for a platform, by the file that tells its version."""
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return False
    return runpy.run_path(str(Path(spec.origin).with_name("version.py"))).get(platform) is not None


def _cuda_devices() -> int:
    """Ask NVIDIA's driver how many devices this process may use."""
    count = ctypes.c_int(0)
    try:
        driver = ctypes.CDLL(_CUDA_DRIVER)
    except OSError:
        return 0
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value
