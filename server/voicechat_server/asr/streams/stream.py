"""One stream of speech as the event loop sees it."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import Error, Final, Ready
from voicechat_server.asr.config import StreamLimits
from voicechat_server.asr.recognition.lane import Report
from voicechat_server.asr.recognition.scheduler import CommandKind
from voicechat_server.asr.streams.accounting import Accounting
from voicechat_server.asr.streams.activity import Activity
from voicechat_server.asr.streams.outbox import Listener, Outbox

UNBEGUN_COUNTS = 10
"""Before its first audio a stream becomes idle this many times as fast: whoever opens one speaks at once."""

SendCommand = Callable[[CommandKind, bytes], None]

_SETTLED_MS = 100
"""Audio beside what a chunk waits for that may be left when a stream has caught up."""


@dataclass(frozen=True)
class Checkpoint:
    """What a server needs to know of a stream to go on with it; the defaults are for a new one.

    Attributes:
        stream_id: The stream's name.
        samples: Where its audio goes on, in the stream's own rate.
        last_end_ms: Where the last segment before ends; no other begins before that.
        segments: How many segments there were.
        finals: Their finals that the client may not have.
    """

    stream_id: str
    samples: int = 0
    last_end_ms: int = 0
    segments: int = 0
    finals: tuple[Final, ...] = ()


class Stream:
    """A stream from its opening to its receipt, whatever connections come and go.

    Args:
        ready: What its clients are sent first.
        rate: Samples per second that come in.
        limits: Bounds.
        send: Gives a command to the threads that recognise.
        on_finish: Called once, when all is recognised, or the stream has failed.
        on_end: Called when nobody can come back for the stream.
        listener: Hears every event once, whatever becomes of the connections, and may store the finals.
        checkpoint: Where the stream goes on; None for a new one.
        is_stored: Whether the listener stores the finals.
        owner: Whose it is; empty where nobody is asked who they are.
    """

    def __init__(
        self,
        ready: Ready,
        rate: int,
        limits: StreamLimits,
        send: SendCommand,
        on_finish: Callable[[], None],
        on_end: Callable[[], None],
        listener: Listener | None = None,
        checkpoint: Checkpoint | None = None,
        *,
        is_stored: bool = False,
        owner: str = "",
    ) -> None:
        start = checkpoint or Checkpoint(ready.stream_id)
        self.ready = ready
        self.owner = owner
        self.outbox = Outbox(listener, self._on_stored, start.finals)
        self._limits = limits
        # Less than a chunk can't be decoded, so it doesn't count as lag.
        self._max_lag_ms = limits.max_lag_s * 1000 + ready.chunk_ms
        self._settled_lag_ms = ready.chunk_ms + ready.lookahead_ms + _SETTLED_MS
        self._send = send
        self._on_finish = on_finish
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        now = self._loop.time()
        self._accounting = Accounting(rate, start.samples, limits.ack_interval_s, now, is_stored=is_stored)
        self._activity = Activity(rate, now)
        self._flushes_done = 0
        self._stopped = False
        self._ended_for: VoicechatError | None = None
        self._finished = asyncio.Event()
        self._progress = asyncio.Event()
        self._holder: object | None = None
        self._return_timer: asyncio.TimerHandle | None = None
        self._idle_timer: asyncio.TimerHandle | None = self._loop.call_later(
            limits.idle_timeout_s, self._end_unused
        )

    @property
    def received_samples(self) -> int:
        """Whole samples received, in the stream's own rate."""
        return self._accounting.received_samples

    @property
    def idle_s(self) -> float:
        """For how many seconds nothing worth a place has come; 0 while it must not be ended."""
        if self._stopped or self.outbox.is_full or self._accounting.lag_ms > self._settled_lag_ms:
            return 0.0
        if self._holder is None and not self._activity.has_begun:
            return math.inf
        idle_s = self._activity.idle_s(self._loop.time())
        return idle_s if self._activity.has_begun else UNBEGUN_COUNTS * idle_s

    def held_by(self, holder: object) -> bool:
        """Whether that connection is the one that holds the stream."""
        return self._holder is holder

    def attach(self, holder: object, finals_received: int) -> None:
        """Give the stream to a connection; what its client does not have is repeated."""
        self._holder = holder
        self._cancel_return_timer()
        # An odd byte of the lost connection is not sent again: its client goes on at a whole sample.
        if self._accounting.has_half_sample:
            self._accounting.drop_half_sample()
            self._send(CommandKind.REALIGN, b"")
        self.outbox.repeat_from(finals_received)
        self._progress.set()

    def detach(self) -> None:
        """Keep the stream a while for its client's return, then finish it.

        A finished stream is kept too: its last words may have been lost with the connection.
        """
        self._holder = None
        self._return_timer = self._loop.call_later(self._limits.resume_grace_s, self._give_up_waiting)
        self._progress.set()

    async def take(self, data: bytes, holder: object) -> None:
        """Take audio from the holder; return when the stream is not too far behind.

        What comes after the stream was stopped, as it is when its client returns too late, is dropped. What
        comes after the server has ended it was never received: its client learns that, and keeps it.
        """
        if self._ended_for is not None:
            return
        self._accounting.receive(len(data))
        if self._stopped:
            return
        self._activity.take(len(data), self._loop.time())
        if self._activity.has_begun:
            self._cancel_idle_timer()
        self._send(CommandKind.AUDIO, data)
        self._acknowledge_if_due()
        while self._is_behind and self.held_by(holder) and not self.is_finished:
            self._progress.clear()
            await self._progress.wait()

    @property
    def _is_behind(self) -> bool:
        """Whether the stream should not be read before more of it is recognised, or stored."""
        return self._accounting.lag_ms > self._max_lag_ms or self.outbox.is_full

    def flush(self) -> None:
        """End the open segment."""
        self._send(CommandKind.FLUSH, b"")

    def stop(self) -> None:
        """Take the end of the audio; once is enough."""
        self._ended_for = None
        if not self._stopped:
            self._stopped = True
            self._cancel_idle_timer()
            self._send(CommandKind.STOP, b"")

    def end(self, error: VoicechatError) -> None:
        """End the stream as if it had been stopped; its client gets the error after all that was said.

        A client that stops the stream itself meanwhile, or comes back for it later, gets only the receipt.
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
        self._accounting.update(report)
        for event in report.events:
            self.outbox.put(event)
        if report.flushes_done > self._flushes_done:
            self._flushes_done = report.flushes_done
            # What waits for the store is acknowledged once it is there.
            if self.outbox.is_settled:
                self._acknowledge()
        else:
            self._acknowledge_if_due()
        if report.error is not None:
            self.fail(report.error)
        elif report.is_done:
            self._write_receipt(report)
        self._progress.set()

    def fail(self, error: VoicechatError) -> None:
        """End the stream with an error."""
        if not self.is_finished:
            self.outbox.put(Error.of(error, fatal=True))
            self._finish()

    def release(self) -> None:
        """Forget the stream: its client will not come back."""
        self._cancel_return_timer()
        self._cancel_idle_timer()
        self.outbox.release()
        self._on_end()

    def _write_receipt(self, report: Report) -> None:
        if self._accounting.has_half_sample:
            self.outbox.put(
                Error(
                    code=ErrorCode.ODD_BYTES,
                    message="The stream ended in the middle of a 16-bit sample; one byte was left out.",
                    advice="Send whole samples of two bytes; check that the audio is 16-bit PCM.",
                )
            )
        if self._ended_for is not None and self._holder is not None:
            # From it the client knows which audio the stream does not have.
            self._acknowledge()
            self.outbox.put(Error.of(self._ended_for, fatal=True))
        self.outbox.put(self._accounting.receipt(report))
        self._finish()

    def _finish(self) -> None:
        self._cancel_idle_timer()
        self._finished.set()
        self._on_finish()
        self._release_if_left()

    def _on_stored(self) -> None:
        """Something that was said is stored; perhaps all of it."""
        self._progress.set()
        if not self.outbox.is_settled:
            return
        if self.is_finished:
            self._release_if_left()
        else:
            self._acknowledge()

    def _release_if_left(self) -> None:
        if self._holder is None and self._return_timer is None and self.outbox.is_settled:
            self.release()

    def _acknowledge_if_due(self) -> None:
        if self._accounting.is_ack_due(self._loop.time()):
            self._acknowledge()

    def _acknowledge(self) -> None:
        is_settled = self.outbox.is_settled
        self.outbox.put(self._accounting.acknowledge(self._loop.time(), is_settled=is_settled))

    def _give_up_waiting(self) -> None:
        self._return_timer = None
        if self.is_finished:
            self._release_if_left()
        else:
            self.stop()

    def _cancel_return_timer(self) -> None:
        if self._return_timer is not None:
            self._return_timer.cancel()
            self._return_timer = None

    def _cancel_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _end_unused(self) -> None:
        self._idle_timer = None
        self.end(
            VoicechatError(
                ErrorCode.IDLE_TIMEOUT,
                f"The stream was opened {self._limits.idle_timeout_s:g} s ago, and no audio has come.",
                "Open a stream when there is audio to send.",
            )
        )
