"""The innermost products against numpy, within the bounds that the module states."""

import numpy as np
import pytest

from tests.support.kernels import ROUNDING, alone
from voicechat_server.asr.paraformer.kernels import can_run_here
from voicechat_server.asr.paraformer.kernels.tiles import COLUMNS, DEPTH, ROWS, float_tile, integer_tile

pytestmark = pytest.mark.skipif(not can_run_here(), reason="the processor has no AVX2")


def check_integers(inputs: np.ndarray, weights: np.ndarray, *, least: float, is_added: bool) -> None:
    """Compare with exact integers: `inputs` [3, K] from 0 to 127, `weights` [K, 16]."""
    generator = np.random.default_rng(1)
    depth = inputs.shape[1]
    scales = generator.uniform(0.001, 2, ROWS).astype(np.float32)
    zeros = generator.integers(0, 128, ROWS).astype(np.float32)
    columns = generator.uniform(0.001, 2, (3, COLUMNS)).astype(np.float32)
    columns[1] = weights.sum(axis=0)
    columns[2] -= 1
    before = generator.standard_normal((ROWS, COLUMNS)).astype(np.float32)
    into = before.copy()
    panel = (
        weights.astype(np.int8).reshape(depth // 4, 4, COLUMNS).swapaxes(1, 2).copy().view(np.uint8).ravel()
    )
    alone(integer_tile)(
        inputs.astype(np.uint8), scales, zeros, 0, panel, 0, columns, 0, depth // DEPTH,
        into, np.float32(least), is_added,
    )  # fmt: skip
    products = inputs @ weights
    factors = scales.astype(float)[:, None] * columns[0].astype(float)
    shifts = zeros.astype(float)[:, None] * columns[1].astype(float)
    exact = np.maximum(factors * (products - shifts) + columns[2], least) + is_added * before
    sizes = factors * (np.abs(products) + np.abs(shifts)) + np.abs(columns[2]) + np.abs(is_added * before)
    assert (np.abs(into - exact) <= 8 * ROUNDING * sizes).all()


@pytest.mark.parametrize("depth", [8, 16, 560, 2048])
@pytest.mark.parametrize(("least", "is_added"), [(-np.inf, False), (0.0, False), (-np.inf, True)])
def test_products_of_random_bytes_are_exact(depth: int, least: float, is_added: bool) -> None:
    generator = np.random.default_rng(depth)
    inputs = generator.integers(0, 128, (ROWS, depth))
    weights = generator.integers(-64, 65, (depth, COLUMNS))
    check_integers(inputs, weights, least=least, is_added=is_added)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("four", [(64, 64, 65, 65), (127, 127, 2, 2), (127, 4, 127, 0), (0, 127, 127, 4)])
def test_the_greatest_sums_of_four_fit_into_16_bits(sign: int, four: tuple[int, ...]) -> None:
    """Weights of one sign that sum to 258 where they meet, and inputs of 127."""
    assert sum(four) == 258
    eight = np.zeros(DEPTH, int)
    eight[[0, 1, 4, 5]] = eight[[2, 3, 6, 7]] = four
    weights = sign * np.tile(eight, 4)[:, None].repeat(COLUMNS, axis=1)
    check_integers(np.full((ROWS, len(weights)), 127), weights, least=-np.inf, is_added=False)


@pytest.mark.parametrize("steps", [1, 2, 33])
@pytest.mark.parametrize("size", [1.0, 1e-30, 1e15])
def test_a_product_of_floats_is_numpys(steps: int, size: float) -> None:
    generator = np.random.default_rng(steps)
    left = (size * generator.standard_normal((ROWS, steps))).astype(np.float32)
    right = generator.standard_normal((steps, COLUMNS)).astype(np.float32)
    before = (size * generator.standard_normal((ROWS, COLUMNS))).astype(np.float32)
    into = before.copy()
    alone(float_tile)(left, 0, steps, 1, right, 0, COLUMNS, steps, into, 0, COLUMNS)
    exact = before + left.astype(float) @ right.astype(float)
    sizes = np.abs(before).astype(float) + np.abs(left).astype(float) @ np.abs(right).astype(float)
    assert (np.abs(into - exact) <= 1.01 * steps * ROUNDING * sizes).all()


def test_strides_choose_what_is_multiplied() -> None:
    """The transposed left matrix, and the columns from the sixteenth on."""
    generator = np.random.default_rng(0)
    left = generator.standard_normal((5, ROWS + 1)).astype(np.float32)
    right = generator.standard_normal((5, 2 * COLUMNS)).astype(np.float32)
    into = np.zeros((ROWS, COLUMNS), np.float32)
    alone(float_tile)(left, 1, 1, ROWS + 1, right, COLUMNS, 2 * COLUMNS, 5, into, 0, COLUMNS)
    np.testing.assert_allclose(into, left[:, 1:].T @ right[:, COLUMNS:], rtol=1e-5, atol=1e-5)
