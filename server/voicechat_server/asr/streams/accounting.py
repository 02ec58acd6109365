"""What came in of a stream and what became of it, in samples, without I/O or a clock."""

from voicechat_common.audio import SAMPLE_WIDTH, milliseconds
from voicechat_common.protocol.speech import Ack, Done
from voicechat_server.asr.config import SAMPLE_RATE
from voicechat_server.asr.recognition.lane import Report


class Accounting:
    """Accounts for every sample of one stream. Times are seconds of any steady clock.

    Args:
        rate: Samples per second that come in; everything is counted at this rate.
        samples: Samples accounted for before; a new stream has none.
        ack_interval_s: The longest time, and the most audio, from one `ack` to the next.
        now: When the stream was opened.
        is_stored: Whether finals are stored, so that audio can become durable.
    """

    def __init__(
        self, rate: int, samples: int, ack_interval_s: float, now: float, *, is_stored: bool
    ) -> None:
        self._rate = rate
        self._ack_interval_s = ack_interval_s
        self._is_stored = is_stored
        self._received_bytes = samples * SAMPLE_WIDTH
        self._decoded = samples
        self._needed_from = samples
        self._durable = samples
        self._acknowledged = samples
        self._acknowledged_at = now

    @property
    def received_samples(self) -> int:
        """Whole samples received."""
        return self._received_bytes // SAMPLE_WIDTH

    @property
    def has_half_sample(self) -> bool:
        """Whether an odd byte has come, whose other half has not."""
        return self._received_bytes % SAMPLE_WIDTH != 0

    @property
    def lag_ms(self) -> int:
        """Audio that has been received and is not decoded yet."""
        return milliseconds(self.received_samples - self._decoded, self._rate)

    def receive(self, size: int) -> None:
        """Count bytes that came in."""
        self._received_bytes += size

    def drop_half_sample(self) -> None:
        """Forget the odd byte of a lost connection: its client goes on at a whole sample."""
        self._received_bytes -= self._received_bytes % SAMPLE_WIDTH

    def update(self, report: Report) -> None:
        """Count what the recogniser has dealt with."""
        undecoded = 0 if report.is_done else report.undecoded * self._rate // SAMPLE_RATE
        self._decoded = max(self._decoded, report.taken - undecoded)
        self._needed_from = report.needed_from * self._rate // SAMPLE_RATE

    def is_ack_due(self, now: float) -> bool:
        """Whether the last `ack` is an interval ago, or what came since is that much audio."""
        unacknowledged = self.received_samples - self._acknowledged
        return (
            now - self._acknowledged_at >= self._ack_interval_s
            or unacknowledged >= self._ack_interval_s * self._rate
        )

    def acknowledge(self, now: float, *, is_settled: bool) -> Ack:
        """Return an `ack` of what has been received.

        Args:
            now: When it is sent.
            is_settled: Whether every final so far is stored, which makes the audio before them durable.
        """
        self._acknowledged_at = now
        self._acknowledged = self.received_samples
        if is_settled:
            self._durable = max(self._durable, self._needed_from)
        return Ack(
            received_samples=self.received_samples,
            decoded_samples=self._decoded,
            lag_ms=self.lag_ms,
            durable_samples=self._durable if self._is_stored else None,
        )

    def receipt(self, report: Report) -> Done:
        """Return the receipt of a stream that is recognised to its end."""
        received_ms = milliseconds(self.received_samples, self._rate)
        decoded_ms = milliseconds(report.taken, self._rate)
        return Done(
            received_ms=received_ms,
            decoded_ms=decoded_ms,
            dropped_ms=received_ms - decoded_ms,
            silence_ms=min(decoded_ms, milliseconds(report.silence, SAMPLE_RATE)),
            segments=report.segments,
            received_samples=self.received_samples,
            decoded_samples=report.taken,
            dropped_samples=self.received_samples - report.taken,
        )
