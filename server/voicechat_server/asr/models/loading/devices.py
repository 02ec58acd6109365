"""Where a model computes, and which devices this machine can't have."""

import ctypes
import re
import runpy
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from voicechat_common.errors import ErrorCode, VoicechatError

if TYPE_CHECKING:  # torch takes seconds to import, and a start that is refused needs none
    import torch

_CUDA_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"


def refuse_absent_device(name: str) -> None:
    """Refuse a device that is surely absent, without PyTorch, whose import takes seconds.

    What passes may still turn out to be absent when it is used.

    Args:
        name: `cpu`, `mps`, `cuda` or `cuda:N`.

    Raises:
        VoicechatError: `device_absent`.
    """
    if name == "mps" and sys.platform != "darwin":
        raise _absent(name, "only Apple's computers have Metal")
    if not name.startswith("cuda") or _torch_is_for("hip"):
        return
    if not _torch_is_for("cuda"):
        raise _absent(name, "this PyTorch was built without CUDA")
    count = _cuda_devices()
    if count == 0:
        raise _absent(name, "there is no NVIDIA GPU, or no driver for it")
    index = int(name.partition(":")[2] or 0)
    if index >= count:
        raise _absent(name, _has_devices(count))


def find_device(name: str) -> "torch.device":
    """Return the device of a name: `cpu`, `mps`, `cuda` or `cuda:N`.

    Raises:
        VoicechatError: `bad_setting`: that is not a device. `device_absent`: this machine, or this PyTorch,
            doesn't have it.
    """
    import torch

    if not re.fullmatch(r"cpu|mps|cuda(:\d+)?", name):
        raise VoicechatError(
            ErrorCode.BAD_SETTING, f"{name!r} is not a device.", "Use cpu, cuda, cuda:N or mps."
        )
    device = torch.device(name)
    if device.type == "cuda":
        _require_cuda(device)
    elif device.type == "mps" and not torch.backends.mps.is_available():
        raise _absent("mps", "this PyTorch or this machine has no Metal device")
    return device


def _require_cuda(device: "torch.device") -> None:
    import torch

    if not torch.cuda.is_available():
        built = torch.version.cuda is not None
        raise _absent(
            str(device),
            "PyTorch finds no NVIDIA GPU or driver" if built else "this PyTorch was built without CUDA",
        )
    count = torch.cuda.device_count()
    if device.index is not None and device.index >= count:
        raise _absent(str(device), _has_devices(count))


def _has_devices(count: int) -> str:
    return f"this machine has {count} CUDA device{'' if count == 1 else 's'}"


def _absent(name: str, reason: str) -> VoicechatError:
    return VoicechatError(
        ErrorCode.DEVICE_ABSENT,
        f"There is no device {name}: {reason}.",
        "Use --device cpu, or install a PyTorch and a driver for the device.",
    )


def _torch_is_for(platform: str) -> bool:
    """Return whether the installed PyTorch was built for a platform, according to its version file."""
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return False
    return runpy.run_path(str(Path(spec.origin).with_name("version.py"))).get(platform) is not None


def _cuda_devices() -> int:
    """Return how many devices NVIDIA's driver lets this process use."""
    count = ctypes.c_int(0)
    try:
        driver = ctypes.CDLL(_CUDA_DRIVER)
    except OSError:
        return 0
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value
