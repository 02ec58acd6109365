"""How many threads recognise, and how many CPU threads they have."""

import os
import sys

_HAND_OVER_S = 0.0005
"""How long a thread keeps the interpreter when another one asks for it; Python's own default is ten times as
long. A chunk takes the interpreter back dozens of times, and so does a commit: with a busy event loop, words
would come seconds late."""

_MOST_WORKERS = 4
"""With more, the workers would wait for each other's turn in the Python interpreter."""


def hand_over_soon() -> None:
    """Make the threads of this process take turns in the interpreter often enough for live speech."""
    sys.setswitchinterval(_HAND_OVER_S)


def count_threads(wanted: int) -> int:
    """Return the wanted number of CPU threads, or for 0 one per core that this process may use."""
    if wanted > 0:
        return wanted
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def count_workers(device: str, threads: int) -> int:
    """Return how many workers recognise at the same time.

    On a CPU, several workers of few threads get more done than one worker of many: threads that step one
    batch together wait for each other hundreds of times. That holds for a lone speaker too: a second
    thread gains little, and takes a whole core. A GPU has one worker.
    """
    return min(threads, _MOST_WORKERS) if device == "cpu" else 1
