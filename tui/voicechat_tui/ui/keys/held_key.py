"""Telling the presses of a key from the repeats of one that is held down."""

from collections.abc import Callable

REPEATS_WITHIN_S = 0.75
"""A keyboard repeats a held key after half a second or so, and then many times a second. Most terminals send
a repeat exactly as they send a press, so time is all there is to tell them apart."""


class HeldKey:
    """Remembers the last key and when it came.

    Args:
        clock: Steady seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._key = ""
        self._at = 0.0

    def released(self) -> None:
        """Note other input, after which no key can still be held."""
        self._key = ""

    def repeats(self, key: str) -> bool:
        """Note a key; return whether it repeats the key before it, still held down."""
        now = self._clock()
        is_repeat = key == self._key and now - self._at < REPEATS_WITHIN_S
        self._key, self._at = key, now
        return is_repeat
