"""Whole steps of encoder and decoder against plain numpy: all blocks, several chunks, streams side by side.

What lies half-way between two of the 128 numbers may be rounded either way, so steps are near each other, not
equal.
"""

import copy

import numpy as np
import pytest
import torch

from tests.support import blocks
from tests.support.demo import kernel_cache
from voicechat_server.asr.paraformer.kernels import DecoderKernel, EncoderKernel, can_run_here
from voicechat_server.asr.paraformer.rows import Rows, example_rows

pytestmark = pytest.mark.skipif(not can_run_here(), reason="the processor has no AVX2")

FEATURES, WIDTH, WIDE, VOCABULARY = 40, 32, 64, 50
CHUNKS, KEPT = 4, 5


def step_of(rows: Rows, lengths: list[int]) -> Rows:
    return Rows(rows.states, rows.slots, rows.final, torch.tensor(lengths))


def distance(one: blocks.Array, other: blocks.Array) -> float:
    """Of two results, as a part of their size."""
    return float(np.linalg.norm(one - other) / np.linalg.norm(other))


@pytest.mark.parametrize("size", [0.01, 1.0, 100.0])
def test_the_encoder_is_numpys(size: float) -> None:
    torch.manual_seed(0)
    plain = blocks.encoder(FEATURES, WIDTH, WIDE)
    kernel = EncoderKernel(copy.deepcopy(plain), kernel_cache())
    look_back = kernel.look_back(CHUNKS, KEPT)
    look_back.clear_all(2)
    rows, earlier = example_rows(2, 0, torch.device("cpu")), [blocks.Memory() for _ in range(2)]
    for chunk in range(CHUNKS):
        lengths = [8, 7 - chunk % 2]
        x = torch.zeros(2, 8, FEATURES)
        for row, length in enumerate(lengths):
            x[row, :length] = size * torch.randn(length, FEATURES)
        found = kernel.step(x, step_of(rows, lengths), look_back, KEPT).numpy()
        for row, length in enumerate(lengths):
            expected = blocks.encoded(plain, x[row, :length].double().numpy(), earlier[row], KEPT)
            assert distance(found[row, :length], expected) < 0.01
            rows.states[row].encoder_frames += KEPT


@pytest.mark.parametrize("size", [0.01, 1.0, 100.0])
def test_the_decoder_is_numpys(size: float) -> None:
    torch.manual_seed(1)
    plain = blocks.decoder(WIDTH, WIDE, VOCABULARY)
    kernel = DecoderKernel(copy.deepcopy(plain), kernel_cache())
    look_back, memory = kernel.look_back(CHUNKS, 6), kernel.memory(2)
    look_back.clear_all(2)
    rows, earlier = example_rows(2, 0, torch.device("cpu")), [blocks.Memory() for _ in range(2)]
    before = [np.zeros((blocks.TAPS - 1, WIDTH)) for _ in range(2)]
    for counts in ([3, 1], [1, 4], [20, 2], [2, 2]):
        x, frames = size * torch.randn(2, max(counts), WIDTH), torch.randn(2, 6, WIDTH)
        ids = kernel.step(x, torch.tensor(counts), frames, step_of(rows, [6, 6]), memory, look_back).numpy()
        for row, count in enumerate(counts):
            scores, before[row] = blocks.scores(
                plain,
                x[row, :count].double().numpy(),
                frames[row].double().numpy(),
                before[row],
                earlier[row],
            )
            chosen = np.take_along_axis(scores, ids[row, :count, None], axis=1)[:, 0]
            assert (scores.max(axis=1) - chosen <= 0.02 * np.ptp(scores, axis=1)).all()
            assert distance(memory[0, row].numpy(), before[row]) < 0.01
            rows.states[row].decoder_frames += 6
