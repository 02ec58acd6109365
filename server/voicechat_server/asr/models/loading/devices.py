"""Where a model computes."""

import re

import torch

from voicechat_common.errors import ErrorCode, VoicechatError


def find_device(name: str) -> torch.device:
    """Return the device of a name: `cpu`, `mps`, `cuda` or `cuda:N`.

    Raises:
        VoicechatError: `bad_setting`: that is no device. `device_absent`: this machine, or this PyTorch,
            doesn't have it.
    """
    if not re.fullmatch(r"cpu|mps|cuda(:\d+)?", name):
        raise VoicechatError(
            ErrorCode.BAD_SETTING, f"{name!r} is no device.", "Use cpu, cuda, cuda:N or mps."
        )
    device = torch.device(name)
    if device.type == "cuda":
        _require_cuda(device)
    elif device.type == "mps" and not torch.backends.mps.is_available():
        raise _absent("mps", "this PyTorch or this machine has no Metal device")
    return device


def _require_cuda(device: torch.device) -> None:
    if not torch.cuda.is_available():
        built = torch.version.cuda is not None
        raise _absent(
            str(device),
            "PyTorch finds no NVIDIA GPU or driver" if built else "this PyTorch was built without CUDA",
        )
    count = torch.cuda.device_count()
    if device.index is not None and device.index >= count:
        raise _absent(str(device), f"this machine has {count} CUDA device{'' if count == 1 else 's'}")


def _absent(device: str, reason: str) -> VoicechatError:
    return VoicechatError(
        ErrorCode.DEVICE_ABSENT,
        f"There is no device {device}: {reason}.",
        "Use --device cpu, or install a PyTorch and a driver for the device.",
    )
