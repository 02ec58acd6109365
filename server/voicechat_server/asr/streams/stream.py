"""One stream of speech as the event loop sees it, and one connection's hold on it."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable

from voicechat_common.audio import SAMPLE_WIDTH, milliseconds
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import Ack, Done, Error, Ready, StreamOrigin
from voicechat_server.asr.config import SAMPLE_RATE, StreamLimits
from voicechat_server.asr.recognition.lane import Report
from voicechat_server.asr.recognition.scheduler import Order
from voicechat_server.asr.streams.activity import Activity
from voicechat_server.asr.streams.checkpoint import Checkpoint
from voicechat_server.asr.streams.outbox import Listener, Outbox, StreamEvent

UNBEGUN_COUNTS = 10
"""Before its first audio a stream is idle so many times as fast: who opens one speaks at once."""

SendOrder = Callable[[Order, bytes], None]

_SETTLED_MS = 100
"""Audio beside what a chunk waits for that may be left when a stream has caught up."""


class LiveStream:
    """A stream from its opening to its receipt, whatever connections come and go.

    Args:
        ready: What its clients are told first.
        rate: Samples per second that come in.
        limits: Bounds.
        send: Gives an order to the threads that recognise.
        on_finish: Called once, when all is recognised, or the stream has failed.
        on_end: Called when nobody can come back for the stream.
        listener: Hears every event once, whatever becomes of the connections, and may store the finals.
        checkpoint: Where the stream goes on; None if it begins.
        is_stored: Whether the listener stores the finals.
    """

    def __init__(
        self,
        ready: Ready,
        rate: int,
        limits: StreamLimits,
        send: SendOrder,
        on_finish: Callable[[], None],
        on_end: Callable[[], None],
        listener: Listener | None = None,
        checkpoint: Checkpoint | None = None,
        *,
        is_stored: bool = False,
    ) -> None:
        begin = checkpoint or Checkpoint(ready.stream_id)
        self.ready = ready
        self.outbox = Outbox(listener, self._stored, begin.finals)
        self._rate = rate
        self._limits = limits
        # Less than a chunk can't be decoded, so it is no lag.
        self._max_lag_ms = limits.max_lag_s * 1000 + ready.chunk_ms
        self._settled_lag_ms = ready.chunk_ms + ready.lookahead_ms + _SETTLED_MS
        self._send = send
        self._on_finish = on_finish
        self._on_end = on_end
        self._received_bytes = begin.samples * SAMPLE_WIDTH
        self._decoded = begin.samples
        self._durable = begin.samples
        self._needed_from = begin.samples
        self._is_stored = is_stored
        self._acknowledged = begin.samples
        self._flushes_done = 0
        self._stopped = False
        self._finished = asyncio.Event()
        self._progress = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._last_ack = self._loop.time()
        self._holder: Stream | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._activity = Activity(rate, self._last_ack)
        self._silence: asyncio.TimerHandle | None = self._loop.call_later(
            limits.idle_timeout_s, self._end_silent
        )
        self._ended_for: VoicechatError | None = None

    @property
    def received_samples(self) -> int:
        """Whole samples received, in the stream's own rate."""
        return self._received_bytes // SAMPLE_WIDTH

    @property
    def lag_ms(self) -> int:
        """Audio that was received and is not decoded yet."""
        return milliseconds(self.received_samples - self._decoded, self._rate)

    @property
    def idle_s(self) -> float:
        """For how many seconds nothing has come that is worth a place; 0 while it is not to be ended."""
        if self._stopped or self.outbox.is_full or self.lag_ms > self._settled_lag_ms:
            return 0.0
        if self._holder is None and not self._activity.has_begun:
            return math.inf
        idle_s = self._activity.idle_s(self._loop.time())
        return idle_s if self._activity.has_begun else UNBEGUN_COUNTS * idle_s

    def held_by(self, holder: "Stream") -> bool:
        """Whether that connection is the one that holds the stream."""
        return self._holder is holder

    def attach(self, holder: "Stream", finals_received: int) -> None:
        """Give the stream to a connection; what its client does not have is told again."""
        self._holder = holder
        self._cancel_expiry()
        # An odd byte of the lost connection is not sent again: its client goes on at a whole sample.
        if self._received_bytes % SAMPLE_WIDTH:
            self._received_bytes -= 1
            self._send(Order.REALIGN, b"")
        self.outbox.repeat_from(finals_received)
        self._progress.set()

    def detach(self) -> None:
        """Keep the stream a while for its client's return, then finish it.

        One that is finished is kept too: its last words may have been lost with the connection.
        """
        self._holder = None
        self._expiry = self._loop.call_later(self._limits.resume_grace_s, self._expire)
        self._progress.set()

    async def take(self, data: bytes, holder: "Stream") -> None:
        """Take audio from the holder; return when the stream is not too far behind.

        What comes after the stream was stopped, as it is when its client returns too late, is dropped. What
        comes after the server has ended it was never received: its client is told, and keeps it.
        """
        if self._ended_for is not None:
            return
        self._received_bytes += len(data)
        if self._stopped:
            return
        self._activity.take(len(data), self._loop.time())
        if self._activity.has_begun:
            self._cancel_silence()
        self._send(Order.AUDIO, data)
        self._acknowledge_in_time()
        while self._is_behind and self.held_by(holder) and not self.is_finished:
            self._progress.clear()
            await self._progress.wait()

    @property
    def _is_behind(self) -> bool:
        """Whether the stream should not be read before more of it is recognised, or stored."""
        return self.lag_ms > self._max_lag_ms or self.outbox.is_full

    def flush(self) -> None:
        """End the open segment."""
        self._send(Order.FLUSH, b"")

    def stop(self) -> None:
        """Take the end of the audio; once is enough."""
        self._ended_for = None
        if not self._stopped:
            self._stopped = True
            self._cancel_silence()
            self._send(Order.STOP, b"")

    def end(self, error: VoicechatError) -> None:
        """End the stream as if it was stopped; its client is told why, once all that was said is told.

        A client that stops the stream itself meanwhile, or comes back for it later, is told only the receipt.
        """
        if not self._stopped:
            self.stop()
            self._ended_for = error

    @property
    def is_finished(self) -> bool:
        """Whether the receipt, or the error that ended the stream, has been written."""
        return self._finished.is_set()

    async def finished(self) -> None:
        """Return when the stream is finished."""
        await self._finished.wait()

    def on_report(self, report: Report) -> None:
        """Take news from the threads that recognise; after the end, none counts."""
        if self.is_finished:
            return
        undecoded = report.undecoded * self._rate // SAMPLE_RATE
        self._decoded = max(self._decoded, report.taken - undecoded)
        for event in report.events:
            self.outbox.put(event)
        self._needed_from = report.needed_from * self._rate // SAMPLE_RATE
        if report.flushes_done > self._flushes_done:
            self._flushes_done = report.flushes_done
            # What waits for the store is acknowledged once it is there.
            if self.outbox.is_settled:
                self._acknowledge()
        else:
            self._acknowledge_in_time()
        if report.error is not None:
            self.fail(report.error)
        elif report.is_done:
            self._write_receipt(report)
        self._progress.set()

    def fail(self, error: VoicechatError) -> None:
        """End the stream with an error."""
        if not self.is_finished:
            self.outbox.put(_fatal(error))
            self._finish()

    def release(self) -> None:
        """Forget the stream: its client will not come back."""
        self._cancel_expiry()
        self._cancel_silence()
        self.outbox.tell_nobody()
        self._on_end()

    def _write_receipt(self, report: Report) -> None:
        if self._received_bytes % SAMPLE_WIDTH:
            self.outbox.put(
                Error(
                    code=ErrorCode.ODD_BYTES,
                    message="The stream ended in the middle of a 16-bit sample; one byte was left out.",
                    advice="Send whole samples of two bytes; check that the audio is 16-bit PCM.",
                )
            )
        self._decoded = report.taken
        if self._ended_for is not None and self._holder is not None:
            # It tells the client which audio the stream does not have.
            self._acknowledge()
            self.outbox.put(_fatal(self._ended_for))
        received_ms = milliseconds(self.received_samples, self._rate)
        decoded_ms = milliseconds(report.taken, self._rate)
        self.outbox.put(
            Done(
                received_ms=received_ms,
                decoded_ms=decoded_ms,
                dropped_ms=received_ms - decoded_ms,
                silence_ms=min(decoded_ms, milliseconds(report.silence, SAMPLE_RATE)),
                segments=report.segments,
                received_samples=self.received_samples,
                decoded_samples=report.taken,
                dropped_samples=self.received_samples - report.taken,
            )
        )
        self._decoded = self.received_samples
        self._finish()

    def _finish(self) -> None:
        self._cancel_silence()
        self._finished.set()
        self._on_finish()
        self._release_if_left()

    def _stored(self) -> None:
        """Something that was said is stored; perhaps all of it."""
        self._progress.set()
        if not self.outbox.is_settled:
            return
        if self.is_finished:
            self._release_if_left()
        else:
            self._acknowledge()

    def _release_if_left(self) -> None:
        if self._holder is None and self._expiry is None and self.outbox.is_settled:
            self.release()

    def _acknowledge_in_time(self) -> None:
        """Acknowledge so often that neither the clock nor what an eager client sent gets far ahead."""
        interval_s = self._limits.ack_interval_s
        unacknowledged = self.received_samples - self._acknowledged
        waited_s = self._loop.time() - self._last_ack
        if waited_s >= interval_s or unacknowledged >= interval_s * self._rate:
            self._acknowledge()

    def _acknowledge(self) -> None:
        self._last_ack = self._loop.time()
        self._acknowledged = self.received_samples
        if self.outbox.is_settled:
            self._durable = max(self._durable, self._needed_from)
        self.outbox.put(
            Ack(
                received_samples=self.received_samples,
                decoded_samples=self._decoded,
                lag_ms=self.lag_ms,
                durable_samples=self._durable if self._is_stored else None,
            )
        )

    def _expire(self) -> None:
        self._expiry = None
        if self.is_finished:
            self._release_if_left()
        else:
            self.stop()

    def _cancel_expiry(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None

    def _cancel_silence(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None

    def _end_silent(self) -> None:
        self._silence = None
        self.end(
            VoicechatError(
                ErrorCode.IDLE_TIMEOUT,
                f"The stream was opened {self._limits.idle_timeout_s:g} s ago, and no audio has come.",
                "Open a stream when there is audio to send.",
            )
        )


def _fatal(error: VoicechatError) -> Error:
    return Error(
        code=error.code,
        message=error.message,
        advice=error.advice,
        retry_after_s=error.retry_after_s,
        fatal=True,
    )


class Stream:
    """One connection's hold on a stream. A newer connection of the same client takes it over.

    Args:
        live: The stream.
        finals_received: Finals the client has from an earlier connection.
        origin: Where the stream comes from.

    Attributes:
        stream_id: The stream's name, by which a lost connection is resumed.
        ready: What to tell the client first.
    """

    def __init__(
        self, live: LiveStream, finals_received: int = 0, origin: StreamOrigin = StreamOrigin.NEW
    ) -> None:
        self.stream_id = live.ready.stream_id
        self._live = live
        live.attach(self, finals_received)
        self.ready = live.ready.model_copy(
            update={"received_samples": live.received_samples, "origin": origin}
        )

    @property
    def waiting(self) -> int:
        """Events that wait to be taken."""
        return self._live.outbox.waiting

    async def send_audio(self, data: bytes) -> None:
        """Take audio of any length; return when the stream is not further behind than it may be.

        Raises:
            VoicechatError: Another connection has taken the stream over.
        """
        self._check_hold()
        await self._live.take(data, self)

    async def flush(self) -> None:
        """End the current segment now; an `ack` follows its final.

        Raises:
            VoicechatError: Another connection has taken the stream over.
        """
        self._check_hold()
        self._live.flush()

    async def stop(self) -> None:
        """Say that no more audio comes; without effect if the stream was taken over."""
        if self._live.held_by(self):
            self._live.stop()

    def warn(self, error: Error) -> None:
        """Tell the client, also a later connection, of an error that doesn't end the stream."""
        self._live.outbox.put(error)

    async def events(self) -> AsyncIterator[StreamEvent]:
        """Yield what there is to tell, up to and with `done` or a fatal error.

        Raises:
            VoicechatError: Another connection has taken the stream over.
        """
        while True:
            await self._live.outbox.wait()
            self._check_hold()
            event = self._live.outbox.take()
            if event is None:
                continue
            yield event
            if isinstance(event, Done) or (isinstance(event, Error) and event.fatal):
                return

    def detach(self) -> None:
        """Say that the connection is gone; without effect if the stream was taken over."""
        if self._live.held_by(self):
            self._live.detach()

    def _check_hold(self) -> None:
        if not self._live.held_by(self):
            raise VoicechatError(
                ErrorCode.CONNECTION_LOST,
                "Another connection has resumed this stream.",
                "Go on with that connection, or open a stream of your own.",
            )
