"""How long a stream took, and how soon its text arrived, for the receipt."""

from collections import deque
from dataclasses import dataclass

from voicechat_common.protocol.speech import Done, Final, Partial
from voicechat_tui.language import _, listed, plural

_KEPT_SENDINGS = 10_000
"""How many sent packets are remembered until the first word: 16 minutes in packets of 100 ms."""


@dataclass(frozen=True)
class Receipt:
    """The figures of one stream.

    Attributes:
        audio_s: Audio that was sent.
        wall_s: Time from the beginning of the first packet to the end.
        segments: Segments that were recognised.
        dropped_ms: Audio the server dropped.
        lost_ms: Audio the client could not deliver.
        unstored: Segments whose text the chat has refused.
        first_word_s: From sending the beginning of the first segment to its first text, if there was any.
        last_final_s: From sending the last sample to the last final, if there was one after it.
    """

    audio_s: float
    wall_s: float
    segments: int
    dropped_ms: int
    lost_ms: int
    unstored: int
    first_word_s: float | None
    last_final_s: float | None

    def __str__(self) -> str:
        parts = [_("{audio:.1f} s of audio in {wall:.1f} s", audio=self.audio_s, wall=self.wall_s)]
        if self.audio_s >= 0.1:
            parts[0] += _(" ({factor:.2f} x real time)", factor=self.wall_s / self.audio_s)
        parts.append(plural(self.segments, "{count} segment", "{count} segments"))
        parts.append(_("{ms} ms dropped", ms=self.dropped_ms) if self.dropped_ms else _("nothing dropped"))
        if self.lost_ms:
            parts.append(_("{ms} ms lost", ms=self.lost_ms))
        if self.unstored:
            parts.append(plural(self.unstored, "{count} segment not stored", "{count} segments not stored"))
        if self.first_word_s is not None:
            parts.append(_("first word after {seconds:.2f} s", seconds=self.first_word_s))
        if self.last_final_s is not None:
            parts.append(_("last final {seconds:.2f} s after the end", seconds=self.last_final_s))
        return listed(parts)


class Timing:
    """Records when things are sent and received, by the caller's clock.

    Attributes:
        lost_ms: Audio lost on the client's side.
    """

    def __init__(self) -> None:
        self._sendings: deque[tuple[int, float]] = deque(maxlen=_KEPT_SENDINGS)
        self._begin: float | None = None
        self._last_sent: float | None = None
        self._last_final: float | None = None
        self._first_word_s: float | None = None
        self._sent_ms = 0
        self.lost_ms = 0

    def begin(self, now: float) -> None:
        """Sending begins. Only the first call counts."""
        self._begin = now if self._begin is None else self._begin

    def sent(self, until_ms: int, now: float) -> None:
        """Audio up to this position in the stream was sent."""
        self._last_sent = now
        self._sent_ms = until_ms
        if self._first_word_s is None:
            self._sendings.append((until_ms, now))

    def text(self, event: Partial | Final, now: float) -> None:
        """Text arrived."""
        if isinstance(event, Final):
            self._last_final = now
        if self._first_word_s is None and event.text:
            sent_at = next((at for until_ms, at in self._sendings if until_ms >= event.start_ms), None)
            self._first_word_s = None if sent_at is None else now - sent_at
            self._sendings.clear()

    def lost(self, ms: int) -> None:
        """Audio was lost on the client's side."""
        self.lost_ms += ms

    def receipt(self, done: Done, now: float) -> Receipt:
        """Return the figures after the server's own receipt."""
        last_final_s = None
        if (
            self._last_final is not None
            and self._last_sent is not None
            and self._last_final >= self._last_sent
        ):
            last_final_s = self._last_final - self._last_sent
        return Receipt(
            audio_s=self._sent_ms / 1000,
            wall_s=0.0 if self._begin is None else now - self._begin,
            segments=done.segments,
            dropped_ms=done.dropped_ms,
            lost_ms=self.lost_ms,
            unstored=done.unstored,
            first_word_s=self._first_word_s,
            last_final_s=last_final_s,
        )
