"""How large batches should be and how many streams this machine can carry, from what batches cost."""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64)

_LOAD = 0.7
"""The share of a chunk's duration that stepping all streams may take; the rest is for everything else."""

_NEARLY_CHEAPEST = 1.12
"""A chunk may cost this many times the least if its batch is smaller: other streams wait less."""


def measure(
    step: Callable[[int], None],
    sizes: Sequence[int],
    *,
    give_up_s: float,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[int, list[float]]:
    """Return the seconds of a few steps at each batch size, as far as a larger batch makes a chunk cheaper.

    Sizes take turns, since a machine that others use too is slower at some times than at others.

    Args:
        step: Steps one batch of the given size.
        sizes: The batch sizes, ascending.
        give_up_s: After a step longer than this, no larger size is measured.
        clock: Returns the time in seconds.
    """

    def seconds_of(size: int) -> float:
        began = clock()
        step(size)
        return clock() - began

    costs: dict[int, list[float]] = {}
    for size in sizes:
        # The first step of a size allocates its memory, and one of the next two may be disturbed.
        step(size)
        before = _cheapest(costs)
        costs[size] = [seconds_of(size), seconds_of(size)]
        if min(costs[size]) > give_up_s or _NEARLY_CHEAPEST * _cheapest(costs) > before:
            break
    for size, seconds in costs.items():
        seconds.append(seconds_of(size))
    return costs


def batch_size(costs: Mapping[int, Sequence[float]]) -> int:
    """Return the most chunks for a batch: the fewest at which each is nearly as cheap as can be.

    Args:
        costs: Seconds of steps at each batch size measured; disturbances only make a step longer.
    """
    bound = _NEARLY_CHEAPEST * _cheapest(costs)
    return min(size for size, seconds in costs.items() if min(seconds) / size <= bound)


def overhead(costs: Mapping[int, Sequence[float]], batch: int) -> float:
    """Return what a batch costs besides its chunks, in chunks of a batch of the size `batch`, at most all.

    Args:
        costs: Seconds of steps at each batch size measured, that of one chunk among them.
        batch: One of these sizes.
    """
    alone, largest = min(costs[1]), max(costs)
    if largest == 1:
        return 0.0
    each = max(0.0, (min(costs[largest]) - alone) / (largest - 1))
    return min(1.0, max(0.0, alone - each) / min(costs[batch])) * batch


def _cheapest(costs: Mapping[int, Sequence[float]]) -> float:
    """Seconds of the cheapest chunk; infinite if there is none."""
    return min((min(seconds) / size for size, seconds in costs.items()), default=math.inf)


def capacity(seconds: Sequence[float], chunks: int, workers: int, chunk_s: float) -> int:
    """Return how many streams can be stepped within the duration of a chunk, at least one.

    Args:
        seconds: What steps took when all workers stepped at the same time.
        chunks: Chunks in the batch of each.
        workers: How many workers there are.
        chunk_s: Seconds of audio in one chunk.
    """
    return max(1, int(workers * chunks * chunk_s * _LOAD / statistics.median(seconds)))
