"""Layer normalisation against numpy, within the bound that the module states."""

import numpy as np
import pytest
from torch import nn

from tests.support.kernels import ROUNDING, alone
from voicechat_server.asr.paraformer.kernels import can_run_here, linear, norm

pytestmark = pytest.mark.skipif(not can_run_here(), reason="the processor has no AVX2")

ROWS = {
    "random": np.random.default_rng(0).standard_normal(560),
    "far from zero": np.random.default_rng(1).standard_normal(560) + 1000,
    "equal": np.full(560, 3.7),
    "zeros": np.zeros(560),
    "an outlier": np.eye(1, 560)[0] * 1e6,
    "small": np.random.default_rng(2).standard_normal(560) * 1e-10,
    "large": np.random.default_rng(3).standard_normal(560) * 1e15,
}


def layers(width: int) -> norm.Norms:
    """Two normalisations, the second of which is used."""
    generator = np.random.default_rng(width)
    maps = [nn.LayerNorm(width + 8, eps=1e-12), nn.LayerNorm(width, eps=1e-12)]
    norms = norm.norms_of(maps)
    norms.numbers[1, :, :width] = generator.standard_normal((2, width))
    return norms


def check(x: np.ndarray, norms: norm.Norms, found: np.ndarray) -> None:
    width, exact = len(x), x.astype(float)
    weights, biases = norms.numbers[1, :, :width].astype(float)
    factor = 1 / np.sqrt(exact.var() + float(norms.epsilon))
    expected = (exact - exact.mean()) * factor * weights + biases
    bound = (2 * width + 20) * ROUNDING * np.abs(exact).max() * factor * np.abs(weights)
    assert (np.abs(found - expected) <= bound + 2 * ROUNDING * np.abs(biases)).all()


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_normalised_as_by_numpy(name: str) -> None:
    x = ROWS[name].astype(np.float32)
    norms, found = layers(len(x)), np.empty_like(x)
    alone(norm.normalise_row)(x, norms, 1, found)
    check(x, norms, found)


def test_rows_are_quantised_as_they_are_normalised() -> None:
    x = np.stack([row.astype(np.float32) for row in ROWS.values()])
    norms, normalised, row = layers(x.shape[1]), np.empty_like(x), np.empty(x.shape[1], np.float32)
    one, other = (linear.quantised_workspace(*x.shape) for _ in range(2))
    for values, into in zip(x, normalised, strict=True):
        alone(norm.normalise_row)(values, norms, 1, into)
    alone(linear.quantise)(normalised, len(x), one)
    alone(norm.normalise_and_quantise)(x, len(x), norms, 1, row, other)
    for part, same in zip(one, other, strict=True):
        np.testing.assert_array_equal(part, same)
