"""How many threads recognise, and how many CPU threads there are for them."""

import os

_MOST_WORKERS = 4
"""With more, the workers would wait for each other's turn in the Python interpreter."""


def count_threads(wanted: int) -> int:
    """Return a number of CPU threads: the wanted one, or for 0 one per core this process may use."""
    if wanted > 0:
        return wanted
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def count_workers(device: str, threads: int) -> int:
    """Return how many workers recognise at the same time.

    On a CPU, several workers of few threads get more done than one worker of many: threads that step one
    batch together wait for each other hundreds of times. That holds for a lone speaker too: what a second
    thread gains is little, and it takes a whole core. A GPU is one.
    """
    return min(threads, _MOST_WORKERS) if device == "cpu" else 1
