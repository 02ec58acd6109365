"""Audio of a stream by position: appended at one end, forgotten at the other."""

import numpy as np
from numpy.typing import NDArray


class Timeline:
    """The stretch of a stream's audio that may still be needed, float32 in [-1, 1].

    Args:
        begin: Position of the first sample that comes.

    Attributes:
        begin: Position of the first sample kept.
        end: Position behind the last one.
    """

    def __init__(self, begin: int = 0) -> None:
        self.begin = begin
        self.end = begin
        self._blocks: list[NDArray[np.float32]] = []

    def append(self, samples: NDArray[np.float32]) -> None:
        """Add samples behind the last one."""
        if len(samples):
            self._blocks.append(samples)
            self.end += len(samples)

    def read(self, begin: int, end: int) -> NDArray[np.float32]:
        """Return the samples of a stretch that is kept.

        Raises:
            IndexError: Part of it has been dropped or has not come yet.
        """
        if not self.begin <= begin <= end <= self.end:
            raise IndexError(f"[{begin}, {end}) is not within [{self.begin}, {self.end})")
        audio = self._joined()
        return audio[begin - self.begin : end - self.begin]

    def forget_before(self, position: int) -> None:
        """Drop all samples before a position."""
        while self._blocks and self.begin + len(self._blocks[0]) <= position:
            self.begin += len(self._blocks.pop(0))
        if self._blocks and position > self.begin:
            self._blocks[0] = self._blocks[0][position - self.begin :].copy()
            self.begin = position

    def _joined(self) -> NDArray[np.float32]:
        if len(self._blocks) != 1:
            self._blocks = [np.concatenate(self._blocks)] if self._blocks else []
        return self._blocks[0] if self._blocks else np.zeros(0, np.float32)
