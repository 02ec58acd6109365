"""8-bit maps against numpy, within the bounds that the module states."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from tests.support.kernels import ROUNDING, alone, unpacked
from voicechat_server.asr.paraformer.kernels import can_run_here, linear

Floats = NDArray[np.float32]

pytestmark = pytest.mark.skipif(not can_run_here(), reason="the processor has no AVX2")

EXTREMES = {
    "zeros": [0.0] * 16,
    "one sign": [1.0] * 16,
    "the other": [-1.0] * 16,
    "ties": [126.5] * 15 + [-0.5],
    "other ties": [-126.5] * 15 + [0.5],
    "alternating": [1e6, -1e6] * 8,
    "an outlier": [1e-3] * 15 + [1e9],
    "tiny": [1e-38] * 16,
    "huge": [3e38] + [-1e20] * 15,
}


def quantised(x: Floats) -> linear.Quantised:
    result = linear.quantised_workspace(*x.shape)
    alone(linear.quantise)(x, len(x), result)
    return result


def check_quantised(x: Floats) -> linear.Quantised:
    """Quantise rows and compare with the formula."""
    result = quantised(x)
    exact = x.astype(float)
    least, most = np.minimum(exact.min(axis=1), 0), np.maximum(exact.max(axis=1), 0)
    scales, zeros = result.scales[: len(x)].astype(float), result.zeros[: len(x)].astype(float)
    np.testing.assert_allclose(scales, np.maximum((most - least) / 127, 1e-12), rtol=4 * ROUNDING)
    numbers = result.numbers[: len(x), : x.shape[1]]
    assert numbers.max() <= 127
    assert ((zeros >= 0) & (zeros <= 127) & (zeros == np.rint(zeros))).all()
    restored = scales[:, None] * (numbers - zeros[:, None])
    assert (np.abs(restored - exact) <= scales[:, None] * (0.5 + 2**-15)).all()
    assert (restored[exact == 0] == 0).all()
    return result


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_random_rows_are_off_by_half_a_step_at_most(size: float) -> None:
    generator = np.random.default_rng(0)
    x = generator.standard_normal((40, 100)) * size + generator.uniform(-2 * size, 2 * size, (40, 1))
    x[:, 7] = 0
    check_quantised(x.astype(np.float32))


@pytest.mark.parametrize("name", EXTREMES)
def test_extreme_rows_are_off_by_half_a_step_at_most(name: str) -> None:
    check_quantised(np.array([EXTREMES[name]], np.float32))


@pytest.mark.parametrize("sign", [-1, 1])
def test_no_row_has_a_number_above_127(sign: int) -> None:
    """Whose least and greatest number both lie half a step off: the scale is one to the bit."""
    below = np.arange(127) + 0.5
    x = sign * np.stack([-below, 127 - below], axis=1)
    assert quantised(x.astype(np.float32)).numbers.max() == 127


def check_map(layer: nn.Linear, x: Floats, least: float = linear.UNBOUNDED, *, add: bool = False) -> None:
    """Map rows and compare with the map in fp64, within what quantising x and W may cost.

    The map is the second of two in one stack, and its result is added to what is there, or replaces it.
    """
    weights = layer.weight.detach().double().numpy()
    bias = 0 if layer.bias is None else layer.bias.detach().double().numpy()
    packed = linear.pack([nn.Linear(layer.in_features, layer.out_features), layer])
    rows = check_quantised(x)
    result = linear.row_workspace(len(x), packed.columns.shape[2])
    result[:] = 1
    alone(linear.multiply)(rows, len(x), packed, 1, result, least, add)
    found = result[: len(x), : len(weights)]
    exact = np.maximum(x.astype(float) @ weights.T + bias, least) + add
    row_scales = rows.scales[: len(x), None].astype(float)
    scales, sums = packed.columns[1, :2, : len(weights)].astype(float)
    numbers = rows.numbers[: len(x), : x.shape[1]] - rows.zeros[: len(x), None].astype(float)
    steps = (0.5 + 2**-15) * row_scales * np.abs(weights).sum(axis=1)
    steps = steps + (0.5 + 2**-15) * scales * (row_scales * np.abs(numbers)).sum(axis=1, keepdims=True)
    whole = np.abs(unpacked(packed, 1)).sum(axis=1)[: len(weights)]
    rounding = 8 * ROUNDING * (row_scales * scales * 127 * (whole + np.abs(sums)) + np.abs(bias) + add)
    assert (np.abs(found - exact) <= steps + rounding).all()


@pytest.mark.parametrize(("inputs", "outputs"), [(16, 16), (560, 48), (100, 50)])
@pytest.mark.parametrize("rows", [1, 4, 17])
@pytest.mark.parametrize(
    ("least", "add"), [(linear.UNBOUNDED, False), (0.0, False), (linear.UNBOUNDED, True)]
)
def test_a_random_map_is_within_its_bound(
    rows: int, inputs: int, outputs: int, least: float, add: bool
) -> None:
    torch.manual_seed(inputs)
    x = np.random.default_rng(rows).standard_normal((rows, inputs)).astype(np.float32)
    check_map(nn.Linear(inputs, outputs), x, least, add=add)


@pytest.mark.parametrize("name", ["one sign", "the other", "ties", "other ties", "alternating", "an outlier"])
@pytest.mark.parametrize("weight", [1.0, -1.0])
def test_equal_weights_are_mapped_without_overflow(name: str, weight: float) -> None:
    """All weights equal are those whose sums come nearest to 16 bits."""
    layer = nn.Linear(16, 16, bias=False)
    nn.init.constant_(layer.weight, weight)
    check_map(layer, np.array([EXTREMES[name]], np.float32))


def test_no_four_weights_sum_to_more_than_258() -> None:
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(256, 64, generator=generator)
    weights[0], weights[1], weights[2] = 1, -1, 0
    weights[3, ::2], weights[4] = 0, torch.linspace(1, 1.01, 64)
    layer = nn.Linear(64, 256, bias=False)
    layer.weight.data = weights
    packed = unpacked(linear.pack([layer]), 0)
    assert np.abs(packed).max() <= 127
    meeting = packed.reshape(len(packed), -1, 2, 2, 2)
    for part in (meeting.clip(min=0), -meeting.clip(max=0)):
        sums = part.sum(axis=(2, 4))
        assert sums.max() * 127 < 2**15
        assert sums.max() > 250
