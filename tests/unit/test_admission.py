"""How many streams are taken, from what a chunk costs at several batch sizes."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicechat_server.asr.admission import BATCH_SIZES, capacity, measure

CHUNK_S = 0.6


def linear(first: float, each: float, sizes: tuple[int, ...] = BATCH_SIZES) -> dict[int, float]:
    """Costs of a machine that needs `first` seconds for a batch and `each` for every stream in it."""
    return {size: first + each * size for size in sizes}


@pytest.mark.parametrize(
    ("costs", "streams"),
    [
        (linear(0.0, 0.019), 22),
        (linear(0.09, 0.04), 8),
        (linear(0.01, 0.1), 4),
        (linear(0.0, 0.4), 1),
        ({1: 5.0}, 1),
        ({1: 0.3, 2: 0.5}, 1),
    ],
)
def test_as_many_streams_are_taken_as_seven_tenths_of_a_chunk_carry(
    costs: dict[int, float], streams: int
) -> None:
    assert capacity(costs, CHUNK_S) == streams


@given(st.lists(st.floats(0.001, 2.0), min_size=1, max_size=len(BATCH_SIZES)), st.floats(0.06, 3.6))
def test_what_is_taken_is_carried(costs: list[float], chunk_s: float) -> None:
    measured = dict(zip(BATCH_SIZES, sorted(costs), strict=False))
    streams = capacity(measured, chunk_s)
    assert streams >= 1
    within = [size for size, cost in measured.items() if cost <= chunk_s * 0.7]
    beyond = [size for size, cost in measured.items() if cost > chunk_s * 0.7]
    assert streams >= max(within, default=1)
    assert streams < min(beyond, default=streams + 1) or streams == 1


def test_longer_chunks_carry_no_fewer_streams() -> None:
    costs = linear(0.05, 0.03)
    carried = [capacity(costs, tenths / 10) for tenths in range(1, 40)]
    assert carried == sorted(carried)


def test_every_batch_size_is_measured_by_the_median() -> None:
    steps: list[int] = []

    def step(size: int) -> None:
        steps.append(size)
        if steps.count(size) == 3:
            time.sleep(0.05)

    costs = measure(step, BATCH_SIZES, give_up_s=1.0)
    assert tuple(costs) == BATCH_SIZES
    assert max(costs.values()) < 0.05
    assert sorted(set(steps)) == list(BATCH_SIZES)


def test_the_measurement_ends_at_the_first_batch_that_takes_too_long() -> None:
    costs = measure(lambda size: time.sleep(0.02 if size >= 4 else 0), BATCH_SIZES, give_up_s=0.01)
    assert tuple(costs) == (1, 2, 4)
    assert costs[4] >= 0.02
