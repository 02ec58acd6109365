"""The last moment before a talk."""

import numpy as np

from voicechat_common.audio import Samples
from voicechat_tui.client.speech.ring import AudioRing


class PreRoll:
    """Keeps the newest audio until somebody talks.

    Args:
        capacity: How many samples; none for no pre-roll.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self.clear()

    def add(self, samples: Samples) -> None:
        """Hear more; the oldest is forgotten."""
        if self._ring is not None:
            self._ring.add(samples)

    def take(self) -> Samples:
        """Return what is kept, and forget it."""
        kept = (
            np.zeros(0, np.int16) if self._ring is None else self._ring.read(self._ring.start, self._ring.end)
        )
        self.clear()
        return kept

    def clear(self) -> None:
        """Forget what is kept."""
        self._ring = AudioRing(self._capacity) if self._capacity else None
