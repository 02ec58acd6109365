"""The CPU threads of steps that run at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import torch


class Cores:
    """Divides CPU threads among workers, each a Python thread that steps batches of its own.

    Every worker has its part. The first one takes all while no other steps, so that a stream that is alone
    waits less.

    Args:
        threads: CPU threads in all.
        workers: Workers that share them.
    """

    def __init__(self, threads: int, workers: int) -> None:
        self._all = threads
        self._part = max(1, threads // workers)
        self._stepping = 0
        self._lock = Lock()

    @contextmanager
    def step(self, worker: int) -> Iterator[None]:
        """Let what a worker calls in the context use the threads that it gets now.

        Args:
            worker: Its number, from 0.
        """
        with self._lock:
            self._stepping += 1
            is_alone = self._stepping == 1
        torch.set_num_threads(self._all if is_alone and worker == 0 else self._part)
        try:
            yield
        finally:
            with self._lock:
                self._stepping -= 1
