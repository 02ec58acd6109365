"""Attention against numpy, within the bounds that the module states."""

from collections.abc import Callable
from typing import Any, cast

import numba
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from tests.support.kernels import ROUNDING, alone
from voicechat_server.asr.paraformer.kernels import attention, can_run_here

pytestmark = pytest.mark.skipif(not can_run_here(), reason="the processor has no AVX2")

Floats = NDArray[np.float32]
HEADS, SIZE, RING, CHUNK = 2, 16, 8, 6


def check(queries: Floats, keys: Floats, values: Floats, written: int) -> None:
    """Attend of one stream whose ring holds the first keys, and compare: [rows, heads, size] each."""
    rows, filled = len(queries), len(keys) - CHUNK
    rings = np.full((1, 2 * HEADS, RING, SIZE), np.nan, np.float32)
    for place in range(filled):
        slot = (written - filled + place) % RING
        rings[0, 0::2, slot], rings[0, 1::2, slot] = keys[place], values[place]
    own = np.concatenate([keys[filled:].reshape(CHUNK, -1), values[filled:].reshape(CHUNK, -1)], axis=1)
    context = np.empty((rows, HEADS * SIZE), np.float32)
    streams = np.array([0]), np.array([written]), np.array([0])
    alone(attention.attend)(
        0, HEADS, queries.reshape(rows, -1), np.array([0, rows]),
        attention.Frames(own, np.array([0, CHUNK]), 0), attention.LookBacks(rings, *streams),
        attention.attention_workspace(SIZE, RING + CHUNK), context,
    )  # fmt: skip
    for head in range(HEADS):
        q, k, v = (part[:, head].astype(float) for part in (queries, keys, values))
        scores = q @ k.T / np.sqrt(SIZE)
        spread = np.minimum(np.ptp(scores, axis=1), 88)
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        expected = weights / weights.sum(axis=1, keepdims=True) @ v
        error = (SIZE + 2) * ROUNDING * (np.abs(q) @ np.abs(k).T).max(axis=1) / np.sqrt(SIZE)
        relative = 2 * (error + 4e-7 + 1.2e-7 * spread) + (len(keys) + 8) * ROUNDING
        found = context.reshape(rows, HEADS, SIZE)[:, head]
        assert (np.abs(found - expected) <= relative[:, None] * np.abs(v).max()).all()


@pytest.mark.parametrize("rows", [1, 15, 40])
@pytest.mark.parametrize(("filled", "written"), [(0, 0), (3, 3), (RING, 50)])
@pytest.mark.parametrize("size", [0.0, 1.0, 10.0, 1e4])
def test_attention_is_numpys(rows: int, filled: int, written: int, size: float) -> None:
    """Scores that are equal, near each other, and so far apart that one key takes all."""
    generator = np.random.default_rng(rows)
    queries = (size * generator.standard_normal((rows, HEADS, SIZE))).astype(np.float32)
    keys, values = generator.standard_normal((2, filled + CHUNK, HEADS, SIZE)).astype(np.float32)
    check(queries, keys, values, written)


def test_values_may_be_huge_and_one_key_may_take_all() -> None:
    generator = np.random.default_rng(0)
    queries = np.full((3, HEADS, SIZE), 30, np.float32)
    keys = generator.standard_normal((CHUNK + 2, HEADS, SIZE)).astype(np.float32)
    keys[4] = 30
    check(queries, keys, (1e30 * generator.standard_normal(keys.shape)).astype(np.float32), written=2)


def exponentials(x: Floats, into: Floats) -> None:
    for index in range(len(x)):
        into[index] = attention._exp(x[index])


def test_the_exponential_is_within_its_bound() -> None:
    of_all: Callable[[Floats, Floats], None] = cast("Any", numba.njit)(exponentials)
    x = -np.concatenate([np.linspace(0, 87, 50_001), np.geomspace(1e-30, 87, 1_001)]).astype(np.float32)
    found = np.empty_like(x)
    of_all(x, found)
    exact = np.exp(x.astype(float))
    assert (np.abs(found - exact) <= exact * (4e-7 + 1.2e-7 * np.abs(x))).all()
    assert found[0] == 1
    tail = np.array([-88, -1e3, -3e38, -np.inf], np.float32)
    found = np.empty_like(tail)
    of_all(tail, found)
    assert (found == np.float32(2.0**-126)).all()


@pytest.mark.parametrize(("tokens", "written"), [([1, 4], [0, 3]), ([15, 15], [10, 50]), ([40, 2], [7, 8])])
def test_streams_attend_and_remember_side_by_side(tokens: list[int], written: list[int]) -> None:
    """Several in one call, each with a ring of its own that takes over what it is to keep."""
    generator = np.random.default_rng(len(tokens))
    heads, size, ring, frames = 3, 16, 8, [5, 6]
    rings = generator.standard_normal((3, 2 * heads, ring, size)).astype(np.float32)
    own = generator.standard_normal((sum(frames), 2 * heads * size)).astype(np.float32)
    queries = generator.standard_normal((sum(tokens), heads * size)).astype(np.float32)
    context = np.zeros_like(queries)
    starts, frame_starts, slots, kept = np.cumsum([0, *tokens]), np.cumsum([0, *frames]), [2, 0], [4, 0]
    before = rings.copy()
    look_backs = attention.LookBacks(rings, np.array(slots), np.array(written), np.array(kept))
    alone(attention.attend)(
        0, heads, queries, starts, attention.Frames(own, frame_starts, 0), look_backs,
        attention.attention_workspace(size, ring + max(frames)), context,
    )  # fmt: skip
    keys_and_values = torch.from_numpy(own).unflatten(1, (2, heads, size))
    for stream, slot in enumerate(slots):
        mine = keys_and_values[frame_starts[stream] : frame_starts[stream + 1]]
        earlier = torch.from_numpy(before[slot, :, : min(written[stream], ring)]).unflatten(0, (heads, 2))
        keys, values = (
            torch.cat((earlier[:, part], mine[:, part].transpose(0, 1)), dim=1) for part in (0, 1)
        )
        asked = torch.from_numpy(queries[starts[stream] : starts[stream + 1]]).unflatten(1, (heads, size))
        expected = nn.functional.scaled_dot_product_attention(asked.transpose(0, 1), keys, values)
        found = torch.from_numpy(context[starts[stream] : starts[stream + 1]]).unflatten(1, (heads, size))
        torch.testing.assert_close(found.transpose(0, 1), expected, rtol=0, atol=1e-5)
        for frame in range(kept[stream]):
            place = (written[stream] + frame) % ring
            for part in (0, 1):
                stored = rings[slot, part::2, place]
                np.testing.assert_array_equal(stored, mine[frame, part].numpy())
