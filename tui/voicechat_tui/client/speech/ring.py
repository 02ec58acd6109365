"""The newest audio of a stream, addressed by its position in the stream."""

import numpy as np

from voicechat_common.audio import Samples


class AudioRing:
    """Keeps the last `capacity` samples of an endless stream in a fixed piece of memory.

    Args:
        capacity: How many samples are kept; the oldest make room for new ones.
        begin: The position of the first sample that comes.
    """

    def __init__(self, capacity: int, begin: int = 0) -> None:
        self._buffer = np.zeros(capacity, np.int16)
        self._begin = begin
        self._end = begin

    @property
    def start(self) -> int:
        """The position of the oldest sample that is still there."""
        return max(self._begin, self._end - len(self._buffer))

    @property
    def end(self) -> int:
        """The position after the newest sample."""
        return self._end

    def add(self, samples: Samples) -> None:
        """Append samples to the stream."""
        capacity = len(self._buffer)
        kept = samples[-capacity:]
        first = (self._end + len(samples) - len(kept)) % capacity
        until_wrap = min(len(kept), capacity - first)
        self._buffer[first : first + until_wrap] = kept[:until_wrap]
        self._buffer[: len(kept) - until_wrap] = kept[until_wrap:]
        self._end += len(samples)

    def read(self, start: int, stop: int) -> Samples:
        """Return a copy of the samples from one position up to, not including, another.

        Raises:
            IndexError: If some of them are gone or not there yet.
        """
        if not self.start <= start <= stop <= self._end:
            raise IndexError(f"[{start}, {stop}) is not within [{self.start}, {self._end})")
        capacity = len(self._buffer)
        first = start % capacity
        until_wrap = min(stop - start, capacity - first)
        rest = stop - start - until_wrap
        return np.concatenate([self._buffer[first : first + until_wrap], self._buffer[:rest]])
