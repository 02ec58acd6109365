"""Since when a stream has sent nothing worth the place it takes, without a clock."""

from voicechat_common.audio import SAMPLE_WIDTH

WINDOW_S = 5.0
WORTH_S = 0.5
"""This much audio within `WINDOW_S` is worth a place: a tenth of what a microphone gives. A byte here and
there isn't."""

BEGUN_S = 0.1
"""With this much audio in all, a stream has begun."""


class Activity:
    """Follows what one stream sends. Times are seconds of any steady clock.

    Args:
        rate: Samples a second.
        now: When the stream was opened.
    """

    def __init__(self, rate: int, now: float) -> None:
        self._bytes_a_second = rate * SAMPLE_WIDTH
        self._bytes = 0
        self._heard_at = now
        self._window_began = now
        self._window_bytes = 0

    @property
    def has_begun(self) -> bool:
        """Whether there has been audio at all."""
        return self._bytes >= BEGUN_S * self._bytes_a_second

    def take(self, size: int, now: float) -> None:
        """Count bytes of audio that came in."""
        if now - self._window_began >= WINDOW_S:
            self._window_began = now
            self._window_bytes = 0
        self._bytes += size
        self._window_bytes += size
        if self._window_bytes >= WORTH_S * self._bytes_a_second:
            self._heard_at = now

    def idle_s(self, now: float) -> float:
        """Return for how many seconds nothing worth a place has come."""
        return now - self._heard_at
