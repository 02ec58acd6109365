"""The number formats the model computes with, and the conversion of its modules."""

import warnings
from collections.abc import Iterator
from enum import StrEnum

import torch
from torch import Tensor, nn

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.config import PRECISIONS


class Precision(StrEnum):
    """A number format of weights and activations."""

    FP32 = "fp32"
    INT8 = "int8"
    FP16 = "fp16"
    BF16 = "bf16"


_DTYPES = {Precision.FP16: torch.float16, Precision.BF16: torch.bfloat16}


def choose(wanted: str, device: torch.device) -> Precision:
    """Return the precision to use on a device; `auto` takes the fastest that recognises as well as fp32.

    docs/performance.md has the measurements behind the choice.

    Raises:
        VoicechatError: `bad_setting`: the device doesn't compute with it.
    """
    offered = PRECISIONS[device.type]
    if wanted == "auto":
        return Precision(offered[0])
    if wanted not in offered:
        raise VoicechatError(
            ErrorCode.BAD_SETTING,
            f"The precision {wanted} is not offered on {device.type}.",
            f"Use auto or one of: {', '.join(offered)}.",
        )
    return Precision(wanted)


def convert(model: nn.Module, precision: Precision) -> None:
    """Convert the encoder and decoder of a model to a precision, in place; the CIF predictor stays in fp32.

    Under `int8` the linear maps have 8-bit weights, one scale for each output, and quantise their
    input by its range; everything between them stays in fp32.
    """
    parts = [model.get_submodule("encoder"), model.get_submodule("decoder")]
    if precision is Precision.INT8:
        for part in parts:
            for parent, name, linear in list(_linears(part)):
                is_rectified = name == "w_1" and isinstance(parent.activation, nn.ReLU)
                if is_rectified:
                    parent.activation = nn.Identity()
                setattr(parent, name, Int8Linear(linear, is_rectified=is_rectified))
    elif precision in _DTYPES:
        for part in parts:
            part.to(_DTYPES[precision])


class Int8Linear(nn.Module):
    """A linear map with 8-bit weights, whose input is quantised by its range.

    Args:
        linear: The map in fp32.
        is_rectified: Whether negative outputs become zero.
    """

    def __init__(self, linear: nn.Linear, *, is_rectified: bool = False) -> None:
        super().__init__()
        weight = linear.weight.detach()
        scales = weight.abs().amax(dim=1).clamp_min(1e-12).double() / 127
        zero_points = torch.zeros(len(scales), dtype=torch.long)
        with warnings.catch_warnings():
            # PyTorch announces the end of quantised tensors; pyproject.toml bounds the release that has them.
            warnings.filterwarnings("ignore", message="torch.quantize_per_tensor, torch.quantize_per_channel")
            quantised = torch.quantize_per_channel(weight, scales, zero_points, 0, torch.qint8)
        self._packed = torch.ops.quantized.linear_prepack(quantised, linear.bias)
        maps = torch.ops.quantized
        self._map = (maps.linear_relu_dynamic if is_rectified else maps.linear_dynamic).default

    def forward(self, x: Tensor) -> Tensor:
        """Map [..., inputs] to [..., outputs]."""
        # Seven bits of input where eight could overflow the 16-bit sums of processors without VNNI.
        mapped: Tensor = self._map(x, self._packed, True)
        return mapped


def _linears(module: nn.Module) -> Iterator[tuple[nn.Module, str, nn.Linear]]:
    for parent in module.modules():
        for name, child in parent.named_children():
            if isinstance(child, nn.Linear):
                yield parent, name, child
