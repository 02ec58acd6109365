"""How large batches are to be and how many streams the machine can carry, from what batches cost."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64)

_REPETITIONS = 3

_LOAD = 0.7
"""The part of a chunk's duration that stepping all streams may take; the rest is for everything else."""

_NEARLY_CHEAPEST = 1.12
"""A chunk may cost so many times the least, if its batch is smaller for that: the others wait less."""


def measure(step: Callable[[int], None], sizes: Sequence[int], *, give_up_s: float) -> dict[int, float]:
    """Return the median seconds of one step at each batch size.

    Args:
        step: Steps one batch of the given size.
        sizes: The batch sizes, ascending.
        give_up_s: A step longer than this is the last one measured.
    """
    costs: dict[int, float] = {}
    for size in sizes:
        step(size)
        times = []
        for _ in range(_REPETITIONS):
            began = time.perf_counter()
            step(size)
            times.append(time.perf_counter() - began)
        costs[size] = statistics.median(times)
        if costs[size] > give_up_s:
            break
    return costs


def batch_size(costs: Mapping[int, float]) -> int:
    """Return the most chunks that a batch is to have: the fewest of which each is nearly as cheap as can be.

    Args:
        costs: Seconds of one step at each batch size measured.
    """
    least = min(cost / size for size, cost in costs.items())
    return min(size for size, cost in costs.items() if cost / size <= _NEARLY_CHEAPEST * least)


def capacity(cost_s: float, chunks: int, workers: int, chunk_s: float) -> int:
    """Return how many streams can be stepped within the duration of a chunk, at least one.

    Args:
        cost_s: Seconds of one step, when all workers step at the same time.
        chunks: Chunks in a batch of that cost.
        workers: How many workers there are.
        chunk_s: Seconds of audio in one chunk.
    """
    return max(1, int(workers * chunks * chunk_s * _LOAD / cost_s))
