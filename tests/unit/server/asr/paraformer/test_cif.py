"""Integrate-and-fire over the rows of a batch against FunASR's predictor, which steps one row at a time."""

from itertools import accumulate
from typing import Protocol, cast

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from voicechat_server.asr.models.loading.funasr_parts import registered
from voicechat_server.asr.paraformer.cif import CifStepper, Fired, integrate_and_fire
from voicechat_server.asr.paraformer.modules import Predictor
from voicechat_server.asr.paraformer.rows import Rows
from voicechat_server.asr.paraformer.state import SegmentState

WIDTH = 16
CHUNK_SIZE = (2, 10, 5)
LEFT, STEP, AHEAD = CHUNK_SIZE
FRAMES = LEFT + STEP + AHEAD
TAIL = 0.45

WEIGHTS = st.lists(st.sampled_from([0.0, 0.125, 0.25, 0.5, 0.75, 1.0]), min_size=9, max_size=9)
"""Binary fractions: sums are exact, so that some reach the threshold to the dot."""


def places_fired(weights: list[float]) -> tuple[list[int], float]:
    """Frames in which the sum of weights reaches one, and what is left over."""
    places, total = [], 0.0
    for place, weight in enumerate(weights):
        total += weight
        if total >= 1.0:
            places.append(place)
            total -= 1.0
    return places, total


def fire(hidden: Tensor, weights: list[list[float]]) -> Fired:
    return integrate_and_fire(hidden, torch.tensor(weights), 1.0)


def middles_of(weights: list[float], tokens: int) -> list[int]:
    """Frames in which half of each token's weight has come."""
    sums = list(accumulate(weights))
    halves = [token + 0.5 for token in range(tokens)]
    return [next(place for place, total in enumerate(sums) if total >= half) for half in halves]


@given(st.lists(WEIGHTS, min_size=1, max_size=5), st.integers(0, 100))
def test_every_row_fires_where_its_weights_reach_the_threshold(weights: list[list[float]], seed: int) -> None:
    hidden = torch.randn(len(weights), 9, WIDTH, generator=torch.Generator().manual_seed(seed))
    fired = fire(hidden, weights)
    for row, own in enumerate(weights):
        expected, left = places_fired(own)
        count = len(expected)
        assert int(fired.counts[row]) == count
        assert fired.middles[row, :count].tolist() == middles_of(own, count)
        assert float(fired.alpha[row]) == left
        assert not fired.embeddings[row, count:].any()


@given(st.lists(WEIGHTS, min_size=2, max_size=5), st.integers(0, 100))
def test_a_row_does_not_depend_on_its_company(weights: list[list[float]], seed: int) -> None:
    hidden = torch.randn(len(weights), 9, WIDTH, generator=torch.Generator().manual_seed(seed))
    together = fire(hidden, weights)
    for row, own in enumerate(weights):
        alone = fire(hidden[row : row + 1], [own])
        count = int(alone.counts[0])
        assert torch.equal(together.embeddings[row, :count], alone.embeddings[0])
        assert torch.equal(together.hidden[row], alone.hidden[0])


def test_weights_split_a_frame_between_two_tokens() -> None:
    hidden = torch.tensor([[[1.0], [10.0], [100.0]]])
    fired = fire(hidden, [[0.5, 0.75, 0.875]])
    assert fired.embeddings.tolist() == [[[0.5 + 5.0], [2.5 + 75.0]]]
    assert (float(fired.alpha[0]), float(fired.hidden[0, 0])) == (0.125, 100.0)


def test_frames_without_weight_change_nothing() -> None:
    hidden = torch.randn(1, 9, WIDTH, generator=torch.Generator().manual_seed(3))
    some = [0.5, 0.25, 0.5, 0.75]
    short = fire(hidden[:, :4], [some])
    padded = fire(hidden, [some + [0.0] * 5])
    tokens = int(short.counts)
    assert torch.equal(short.middles[:, :tokens], padded.middles[:, :tokens])
    for name in ("embeddings", "counts", "alpha", "hidden"):
        assert torch.equal(getattr(short, name), getattr(padded, name)), name


def test_a_batch_in_which_nothing_fires_has_no_tokens() -> None:
    fired = fire(torch.ones(2, 3, WIDTH), [[0.25, 0.25, 0.25], [0.0, 0.0, 0.0]])
    assert fired.embeddings.shape == (2, 0, WIDTH)
    assert fired.counts.tolist() == [0, 0]
    assert fired.alpha.tolist() == [0.75, 0.0]


class FunasrPredictor(Predictor, Protocol):
    """`CifPredictorV2`, with the call that steps one row."""

    def forward_chunk(
        self, hidden: Tensor, cache: dict[str, object], *, is_final: bool
    ) -> tuple[Tensor, Tensor, None, None]: ...


class FunasrRow:
    """One stream in FunASR's predictor."""

    def __init__(self, predictor: FunasrPredictor) -> None:
        self._predictor = predictor
        self.cache: dict[str, object] = {
            "chunk_size": list(CHUNK_SIZE),
            "cif_hidden": torch.zeros(1, 1, WIDTH),
            "cif_alphas": torch.zeros(1, 1),
        }

    def step(self, encoded: Tensor, *, is_final: bool) -> Tensor:
        """Embeddings that fired, [tokens, width]."""
        fired, count, *_ = self._predictor.forward_chunk(encoded[None], self.cache, is_final=is_final)
        return fired[0] if int(count) else fired.new_zeros(0, WIDTH)


@pytest.fixture(scope="module")
def predictor() -> FunasrPredictor:
    torch.manual_seed(7)
    build = registered("predictor_classes", "CifPredictorV2")
    module = cast("nn.Module", build(idim=WIDTH, l_order=1, r_order=1, tail_threshold=TAIL)).eval()
    return cast("FunasrPredictor", module)


@settings(max_examples=40)
@given(
    remainders=st.lists(st.integers(1, FRAMES), min_size=1, max_size=4),
    chunks=st.lists(st.integers(0, 3), min_size=4, max_size=4),
    seed=st.integers(0, 1000),
)
@torch.inference_mode()
def test_a_batch_fires_what_funasr_fires_for_each_row_alone(
    predictor: FunasrPredictor, remainders: list[int], chunks: list[int], seed: int
) -> None:
    """Each row has its own number of whole chunks, then a final one of its own length."""
    random = torch.Generator().manual_seed(seed)
    rows = len(remainders)
    oracles = [FunasrRow(predictor) for _ in range(rows)]
    stepper = CifStepper(predictor, current=slice(LEFT, LEFT + STEP))
    states = [SegmentState(CHUNK_SIZE, slot) for slot in reversed(range(rows))]
    hidden, alpha = torch.zeros(rows, WIDTH), torch.zeros(rows)
    for turn in range(max(chunks[:rows]) + 1):
        present = [row for row in range(rows) if turn <= chunks[row]]
        final = [turn == chunks[row] for row in present]
        lengths = [remainders[row] if last else FRAMES for row, last in zip(present, final, strict=True)]
        encoded = torch.zeros(len(present), max(lengths), WIDTH)
        for place, length in enumerate(lengths):
            encoded[place, :length] = torch.randn(length, WIDTH, generator=random)
        batch = Rows(
            states=[states[row] for row in present],
            slots=torch.tensor([states[row].slot for row in present]),
            final=torch.tensor(final),
            lengths=torch.tensor(lengths),
        )
        fired = stepper.step(encoded, batch, hidden, alpha)
        for place, row in enumerate(present):
            expected = oracles[row].step(encoded[place, : lengths[place]], is_final=final[place])
            assert int(fired.counts[place]) == len(expected)
            torch.testing.assert_close(fired.embeddings[place, : len(expected)], expected)
            carried = cast("Tensor", oracles[row].cache["cif_alphas"])[0]
            torch.testing.assert_close(alpha[states[row].slot], carried[0])


def test_the_tail_completes_a_token_that_is_nearly_there(predictor: FunasrPredictor) -> None:
    """Half a token fires with the tail's weight of 0.45 only if more than 0.55 of it is there."""
    stepper = CifStepper(predictor, current=slice(LEFT, LEFT + STEP))
    rows = Rows(
        states=[SegmentState(CHUNK_SIZE, 0), SegmentState(CHUNK_SIZE, 1)],
        slots=torch.tensor([0, 1]),
        final=torch.tensor([True, True]),
        lengths=torch.tensor([LEFT, LEFT]),
    )
    carried = torch.tensor([0.54, 0.56])
    with torch.inference_mode():
        fired = stepper.step(torch.zeros(2, LEFT, WIDTH), rows, torch.ones(2, WIDTH), carried)
    assert fired.counts.tolist() == [0, 1]
    # Half of either token's weight was carried over, and half of the next one's never comes.
    assert fired.middles.tolist() == [[0, LEFT + 2], [0, LEFT + 2]]


def test_look_ahead_frames_fire_only_in_the_end(predictor: FunasrPredictor) -> None:
    stepper = CifStepper(predictor, current=slice(LEFT, LEFT + STEP))
    encoded = torch.randn(1, FRAMES, WIDTH, generator=torch.Generator().manual_seed(0)).expand(2, -1, -1)
    rows = Rows(
        states=[SegmentState(CHUNK_SIZE, 0), SegmentState(CHUNK_SIZE, 1)],
        slots=torch.tensor([0, 1]),
        final=torch.tensor([False, True]),
        lengths=torch.tensor([FRAMES, FRAMES]),
    )
    with torch.inference_mode():
        fired = stepper.step(encoded, rows, torch.zeros(2, WIDTH), torch.zeros(2))
    going_on, ended = (fired.middles[row, :count].tolist() for row, count in enumerate(fired.counts.tolist()))
    assert going_on[0] > LEFT
    assert going_on[-1] <= LEFT + STEP < ended[-1]
    assert ended[: len(going_on)] == going_on
