"""8-bit linear maps, y = x · Wᵀ + b: weights packed once, inputs quantised row by row.

Inputs x [rows, inputs] in float32, each row by its own range, which includes zero:

    s_x = (max(x, 0) − min(x, 0)) / 127
    z = round(−min(x, 0) / s_x)        q = min(round(x / s_x + z), 127)

so that zero is exactly z, and |x − s_x · (q − z)| ≤ s_x / 2 (and 2⁻¹⁵ of that, by rounding).

Weights W [outputs, inputs], each output by its own scale, without a zero point:

    s_w = max(max |W| / 127, greatest sum of four weights of one sign / 256)        v = round(W / s_w)

The four are those whose products `integer_tile` adds in 16 bits. Each may be rounded up by ½, so their sum
is at most 258, and 258 · 127 < 2¹⁵: no sum overflows, whatever the inputs are. Scales become coarser than
max |W| / 127 by it, by 1.98 times at most, where all four are equal.

    y = s_x · s_w · (Σ q · v − z · Σ v) + b

    |y − (x · Wᵀ + b)| ≤ s_x / 2 · Σ |W| + s_w / 2 · Σ |s_x · (q − z)|, and rounding in float32

Quantisation as in Jacob et al., 2018 (arXiv:1712.05877, section 2.1); a scale for each row of what is
mapped, as in Dettmers et al., "LLM.int8()", 2022 (arXiv:2208.07339).
"""

from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from voicechat_server.asr.paraformer.kernels.compiling import compiled
from voicechat_server.asr.paraformer.kernels.tiles import COLUMNS, DEPTH, ROWS, integer_tile
from voicechat_server.asr.paraformer.modules import Map

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Indices = NDArray[np.int64]

UNBOUNDED = float("-inf")
"""For the least result of a map that has none."""

_LARGEST_INPUT = 127
_LARGEST_WEIGHT = 127
_LARGEST_SHORT = 32_767


class Linears(NamedTuple):
    """The same linear map of several layers, packed.

    Attributes:
        weights: Of all layers, one behind the other: [outputs / 16, inputs / 4, 16, 4] each.
        begins: Where each layer's begin, [layers].
        inputs: Inputs of each layer, up to a multiple of eight, [layers].
        columns: The scale of each output, the sum of its weights, and its bias, [layers, 3, outputs], outputs
            up to a multiple of sixteen.
    """

    weights: Bytes
    begins: Indices
    inputs: Indices
    columns: Floats


class Quantised(NamedTuple):
    """Rows of 7-bit numbers, each with a scale of its own, so that a row doesn't depend on its company.

    Attributes:
        numbers: [rows, inputs], in multiples of a tile's.
        scales: [rows].
        zeros: The number that stands for zero, [rows].
    """

    numbers: Bytes
    scales: Floats
    zeros: Floats


def pack(maps: Sequence[Map]) -> Linears:
    """Return the linear maps of several layers, all of as many outputs; their own weights are let go."""
    layers = [cast("nn.Linear", each) for each in maps]
    inputs = [_padded(layer.in_features, DEPTH) for layer in layers]
    outputs = _padded(layers[0].out_features, COLUMNS)
    ends = np.cumsum([0, *(outputs * count for count in inputs)])
    weights = torch.empty(int(ends[-1]), dtype=torch.int8)
    columns = torch.zeros(len(layers), 3, outputs)
    for layer, begin, end, each in zip(layers, ends[:-1], ends[1:], columns, strict=True):
        weights[begin:end], each[0], each[1] = _packed(layer.weight.detach())
        if layer.bias is not None:
            each[2, : layer.out_features] = layer.bias.detach()
        layer.weight.data = torch.empty(0)
    return Linears(weights.view(torch.uint8).numpy(), ends[:-1], np.array(inputs), columns.numpy())


def _packed(weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The panels of a layer, and the scale of each output and the sum of its weights."""
    missing = (0, -weights.shape[1] % DEPTH, 0, -weights.shape[0] % COLUMNS)
    weights = nn.functional.pad(weights, missing)
    outputs, inputs = weights.shape
    sums = [_most_in_16_bits(weights.mul(sign).clamp_min_(0)) for sign in (1, -1)]
    # Each of the four may have been rounded up by a half.
    most = _LARGEST_SHORT // _LARGEST_INPUT - 2
    scales = torch.maximum(weights.abs().amax(dim=1) / _LARGEST_WEIGHT, torch.maximum(*sums) / most)
    scales = scales.clamp_min(torch.finfo(torch.float32).tiny)
    rounded = (weights / scales[:, None]).round_().to(torch.int8)
    panels = rounded.view(outputs // COLUMNS, COLUMNS, inputs // 4, 4).transpose(1, 2)
    return panels.flatten(), scales, rounded.sum(dim=1)


def _most_in_16_bits(weights: Tensor) -> Tensor:
    """The greatest sum of four weights of an output whose products meet in 16 bits.

    Of eight inputs these are two neighbours and the two that lie four behind them.
    """
    meeting = weights.view(len(weights), -1, 2, 2, 2)
    neighbours = meeting[..., 0] + meeting[..., 1]
    return (neighbours[:, :, 0] + neighbours[:, :, 1]).amax(dim=(1, 2))


def quantised_workspace(rows: int, inputs: int) -> Quantised:
    """Return a workspace for rows of some inputs; what the inputs are padded with is zero."""
    padded = _padded(rows, ROWS)
    numbers = np.zeros((padded, _padded(inputs, DEPTH)), np.uint8)
    return Quantised(numbers, np.ones(padded, np.float32), np.zeros(padded, np.float32))


def row_workspace(rows: int, width: int) -> Floats:
    """Return a workspace for the results of a map: rows up to a multiple of a tile's."""
    return np.zeros((_padded(rows, ROWS), width), np.float32)


def _padded(count: int, multiple: int) -> int:
    return -(-count // multiple) * multiple


@compiled
def quantise(values: Floats, rows: int, into: Quantised) -> None:
    """Quantise rows, each by its range, zero included."""
    for row in range(rows):
        quantise_row(values[row], values.shape[1], into, row)


@compiled
def quantise_row(values: Floats, width: int, into: Quantised, row: int) -> None:
    """Quantise the first `width` of some numbers as one row."""
    least = np.float32(0)
    most = np.float32(0)
    for index in range(width):
        least = min(least, values[index])
        most = max(most, values[index])
    scale = max((most - least) / np.float32(_LARGEST_INPUT), np.float32(1e-12))
    inverse = np.float32(1) / scale
    zero = np.float32(np.int32(np.float32(0.5) - least * inverse))
    shift = zero + np.float32(0.5)
    numbers = into.numbers[row]
    for index in range(width):
        # Where least and most lie half a step off, both would be rounded up: the greatest to 128.
        numbers[index] = np.uint8(min(np.int32(values[index] * inverse + shift), np.int32(_LARGEST_INPUT)))
    into.scales[row] = scale
    into.zeros[row] = zero


@compiled
def multiply(
    quantised: Quantised, rows: int, linears: Linears, layer: int, into: Floats, least: float, is_added: bool
) -> None:
    """Map rows.

    Args:
        quantised: What is mapped.
        rows: How many rows of it; up to two more are computed.
        linears: The maps.
        layer: Which of them.
        into: [rows, outputs], both in multiples of a tile's.
        least: Results below it become it.
        is_added: Whether results are added to what is there, or replace it.
    """
    inputs = linears.inputs[layer]
    columns = linears.columns[layer]
    for column in range(0, columns.shape[1], COLUMNS):
        panel = linears.begins[layer] + column * inputs
        for row in range(0, rows, ROWS):
            integer_tile(
                quantised.numbers, quantised.scales, quantised.zeros, row,
                linears.weights, panel, columns, column, inputs // DEPTH,
                into, least, is_added,
            )  # fmt: skip
