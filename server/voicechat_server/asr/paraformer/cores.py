"""The CPU threads of steps that run at the same time."""

import torch


class Cores:
    """Divides CPU threads among workers, each a Python thread that steps batches of its own.

    Every worker has its part. The first one takes all while no other has a stream, so that somebody who
    speaks alone waits less. It must not do so in the pauses of others: threads that step one batch together
    wait for each other after every operation, and so for whatever else their cores have to do.

    Args:
        threads: CPU threads in all.
        workers: Workers that share them.
    """

    def __init__(self, threads: int, workers: int) -> None:
        self._all = threads
        self._part = max(1, threads // workers)
        self._streams = [0] * workers

    def note(self, worker: int, streams: int) -> None:
        """Take how many streams a worker has.

        Args:
            worker: Its number, from 0.
            streams: Its streams.
        """
        self._streams[worker] = streams

    def use(self, worker: int) -> int:
        """Let this thread, which is a worker's, compute with the CPU threads it gets now; return how many."""
        is_alone = self._streams[worker] == sum(self._streams)
        threads = self._all if worker == 0 and is_alone else self._part
        torch.set_num_threads(threads)
        return threads
