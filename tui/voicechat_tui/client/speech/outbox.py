"""What of the client's stream is to be sent next: audio from the ring, and flushes at their places in it."""

from bisect import bisect_left

from voicechat_common.audio import Samples, bytes_of
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.speech import Flush
from voicechat_tui.client.speech.ring import AudioRing


class AudioOutbox:
    """The audio and flushes of one stream, and how far they are sent; sending can go back to kept audio.

    Args:
        capacity: How many samples are kept.
        packet: The most samples of one message.
        begin: The position of the first sample that comes.

    Attributes:
        cursor: The position of the next sample to send.
        filled_until: Audio before this position that is no longer kept is sent as silence, so that everything
            after it keeps its place in time.
    """

    def __init__(self, capacity: int, packet: int, begin: int = 0) -> None:
        self._ring = AudioRing(capacity, begin)
        self._packet = packet
        self._flushes: list[int] = []
        self._next_flush = 0
        self.cursor = begin
        self.filled_until = 0

    @property
    def start(self) -> int:
        """The position of the oldest sample that can still be sent."""
        return self._ring.start

    @property
    def end(self) -> int:
        """The position after the last sample there is to send."""
        return self._ring.end

    @property
    def gap(self) -> tuple[int, int] | None:
        """The samples at the cursor that can't be sent any more and were not given up yet: from, up to."""
        begin = max(self.cursor, self.filled_until)
        return (begin, self.start) if self.cursor < self.start and begin < self.start else None

    def add(self, samples: Samples) -> None:
        """Append audio; the oldest makes room."""
        self._ring.add(samples)

    def flush(self) -> None:
        """Append a flush."""
        kept = bisect_left(self._flushes, self.start)
        self._flushes = [*self._flushes[kept:], self.end]
        self._next_flush = max(0, self._next_flush - kept)

    def go_to(self, position: int) -> None:
        """Send from a position on. A flush exactly there is sent again: it does no harm twice."""
        self.cursor = position
        self._next_flush = bisect_left(self._flushes, position)

    def fill_gap(self) -> None:
        """Give up what is no longer kept: silence is sent in its place."""
        self.filled_until = self.start

    def next_message(self) -> str | bytes | None:
        """Return the next message of the stream, or None if all is sent.

        The gap must have been filled.
        """
        flush_at = self._flushes[self._next_flush] if self._next_flush < len(self._flushes) else None
        if flush_at is not None and flush_at <= self.cursor:
            self._next_flush += 1
            return encode(Flush())
        if self.cursor >= self.end:
            return None
        stop = min(self.cursor + self._packet, self.end if flush_at is None else flush_at)
        if self.cursor < self.start:
            stop = min(stop, self.start)
            packet = bytes(2 * (stop - self.cursor))
        else:
            packet = bytes_of(self._ring.read(self.cursor, stop))
        self.cursor = stop
        return packet
