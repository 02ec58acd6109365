"""How large batches are and how many streams are taken, from what batches cost."""

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from voicechat_server.asr.capacity.measurement import BATCH_SIZES, batch_size, capacity, measure, overhead

CHUNK_S = 0.6
SIZES = BATCH_SIZES[:5]
ROUNDING = 1e-12


def linear(first: float, each: float) -> dict[int, list[float]]:
    """Costs of a machine that needs `first` seconds for a batch and `each` for every chunk in it."""
    return {size: [first + each * size] for size in SIZES}


@pytest.mark.parametrize(
    ("costs", "chunks"),
    [
        (linear(0.0, 0.05), 1),
        (linear(0.01, 0.05), 2),
        (linear(0.02, 0.05), 4),
        (linear(0.2, 0.05), 16),
        (linear(1.0, 0.0), 16),
        ({1: [5.0]}, 1),
        ({1: [0.3], 2: [0.5]}, 2),
        ({1: [0.3], 2: [0.59]}, 1),
    ],
)
def test_a_batch_is_as_small_as_hardly_costs_more(costs: dict[int, list[float]], chunks: int) -> None:
    assert batch_size(costs) == chunks


def test_a_disturbed_step_does_not_count() -> None:
    steady = {1: [0.07] * 3, 2: [0.12] * 3, 4: [0.2] * 3, 8: [0.4] * 3}
    for size in steady:
        disturbed = steady | {size: [steady[size][0], *[10 * seconds for seconds in steady[size][1:]]]}
        assert batch_size(disturbed) == batch_size(steady) == 4


@pytest.mark.parametrize(
    ("costs", "batch", "chunks"),
    [
        (linear(0.0, 0.05), 8, 0),
        (linear(0.05, 0.05), 1, 0.5),
        (linear(0.4, 0.05), 8, 4),
        (linear(0.1, 0.0), 16, 16),
        ({1: [5.0]}, 1, 0),
        ({1: [0.2, 0.9], 2: [0.3, 0.8]}, 2, 0.1 / 0.15),
        ({1: [0.3], 2: [0.2]}, 2, 2),
    ],
)
def test_the_overhead_of_a_batch_is_told_in_its_chunks(
    costs: dict[int, list[float]], batch: int, chunks: float
) -> None:
    assert overhead(costs, batch) == pytest.approx(chunks)


@pytest.mark.parametrize(
    ("seconds", "chunks", "workers", "streams"),
    [
        ([0.2], 4, 2, 16),
        ([0.2, 9.0, 0.1], 4, 2, 16),
        ([0.4], 1, 1, 1),
        ([5.0], 1, 4, 1),
        ([0.02], 32, 1, 672),
    ],
)
def test_as_many_streams_are_taken_as_seven_tenths_of_a_chunk_carry(
    seconds: list[float], chunks: int, workers: int, streams: int
) -> None:
    assert capacity(seconds, chunks, workers, CHUNK_S) == streams


@given(
    st.lists(st.floats(0.001, 2.0), min_size=1, max_size=5),
    st.sampled_from(SIZES),
    st.integers(1, 4),
    st.floats(0.06, 3.6),
)
@example([0.001], 1, 3, 0.06)
def test_what_is_taken_is_carried(seconds: list[float], chunks: int, workers: int, chunk_s: float) -> None:
    streams = capacity(seconds, chunks, workers, chunk_s)
    batches = streams / chunks / workers
    busy_s = batches * sorted(seconds)[(len(seconds) - 1) // 2]
    assert streams == 1 or busy_s <= chunk_s * 0.7 * (1 + ROUNDING)
    assert capacity(seconds, chunks, workers, 2 * chunk_s) >= streams


class Machine:
    """Steps batches, each in a time of its own, by a clock that nothing else moves.

    Args:
        seconds: How long a step takes, of its batch size and of how often that size was stepped before.
    """

    def __init__(self, seconds: Callable[[int, int], float]) -> None:
        self.steps: list[int] = []
        self._seconds = seconds
        self._time = 1000.0

    def step(self, size: int) -> None:
        self._time += self._seconds(size, self.steps.count(size))
        self.steps.append(size)

    def measure(self, give_up_s: float) -> dict[int, list[float]]:
        return measure(self.step, SIZES, give_up_s=give_up_s, clock=lambda: self._time)


def test_batch_sizes_take_turns() -> None:
    machine = Machine(lambda size, before: 0.02 + 0.001 * before)
    costs = machine.measure(give_up_s=1.0)
    assert tuple(costs) == SIZES
    assert all(seconds == pytest.approx([0.021, 0.022, 0.023]) for seconds in costs.values())
    assert machine.steps == [size for size in SIZES for _ in range(3)] + list(SIZES)


def test_the_measurement_ends_at_the_first_batch_that_takes_too_long() -> None:
    costs = Machine(lambda size, _: 0.02 if size >= 4 else 0.005).measure(give_up_s=0.01)
    assert tuple(costs) == (1, 2, 4)
    assert costs[4] == pytest.approx([0.02] * 3)


def test_the_measurement_ends_where_larger_batches_make_a_chunk_no_cheaper() -> None:
    costs = Machine(lambda size, _: 0.02 if size <= 4 else 0.005 * size).measure(give_up_s=1.0)
    assert tuple(costs) == (1, 2, 4, 8)
    assert batch_size(costs) == 4


def test_a_disturbed_step_does_not_end_the_measurement() -> None:
    machine = Machine(lambda size, before: 0.2 if (size, before) == (4, 1) else 0.02)
    assert tuple(machine.measure(give_up_s=0.1)) == SIZES
