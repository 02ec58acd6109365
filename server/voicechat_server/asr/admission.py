"""How many streams the machine can carry, from what a chunk costs at several batch sizes."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

BATCH_SIZES = (1, 2, 4, 8, 16)

_REPETITIONS = 3

_LOAD = 0.7
"""The part of a chunk's duration that stepping all streams may take; the rest is for everything else."""


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


def capacity(costs: Mapping[int, float], chunk_s: float) -> int:
    """Return how many streams can be stepped within the duration of a chunk, at least one.

    Args:
        costs: Seconds of one step at each batch size measured, ascending.
        chunk_s: Seconds of audio in one chunk.
    """
    budget = chunk_s * _LOAD
    sizes = sorted(costs)
    largest = sizes[-1]
    if costs[largest] <= budget:
        return int(largest * (budget / costs[largest]))
    best = 1
    for smaller, larger in pairwise(sizes):
        if costs[smaller] > budget:
            break
        slope = (costs[larger] - costs[smaller]) / (larger - smaller)
        best = smaller + int((budget - costs[smaller]) / slope) if costs[larger] > budget else larger
    return max(1, best)
