"""One speech stream as the client sees it, without I/O and without a clock.

The application adds audio, flushes and stops. The owner of the socket reports what happens to the connection,
hands in the text frames it receives, and takes out what is to be sent. Whatever the connection goes through,
the server gets every sample exactly once, unless the sample is counted in an `AudioLost`.
"""

from dataclasses import replace
from random import Random

from voicechat_common.audio import Samples, milliseconds
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.speech import (
    Ack,
    Done,
    Error,
    Final,
    Partial,
    Pong,
    Ready,
    ServerMessage,
    Start,
    Stop,
    StreamOrigin,
    server_decoder,
)
from voicechat_common.transcript import Transcript
from voicechat_tui.client.connection import failures
from voicechat_tui.client.connection.core import ConnectionCore, Retrying
from voicechat_tui.client.connection.state import LinkState
from voicechat_tui.client.speech.events import AudioLost, Event, Resumed
from voicechat_tui.client.speech.offset import StreamOffset
from voicechat_tui.client.speech.outbox import AudioOutbox
from voicechat_tui.client.speech.policy import SpeechPolicy
from voicechat_tui.language import _


class SpeechCore(ConnectionCore[ServerMessage, Event]):
    """The state of one stream.

    Args:
        start: How the stream is opened. Positions count samples of its `sample_rate`. With a `stream_id`, it
            goes on with a stream whose client is gone, and the first sample added is `durable_samples`.
        policy: The limits.
        random: Where the jitter of delays comes from.

    Attributes:
        transcript: All that was recognised so far.
    """

    def __init__(self, start: Start, policy: SpeechPolicy, random: Random) -> None:
        super().__init__(policy, random, server_decoder)
        rate = start.sample_rate
        self.transcript = Transcript(start.finals_received)
        self._start = start
        self._begin = start.durable_samples
        self._window = int(policy.window_s * rate)
        self._ring = int(policy.ring_s * rate)
        self._outbox = AudioOutbox(self._ring, max(1, rate * policy.packet_ms // 1000), self._begin)
        self._offset = StreamOffset(rate)
        self._stream_id = start.stream_id
        self._restarted = False
        self._stop_wanted = False
        self._greeting: str | None = None
        self._acked = self._begin
        self._durable = self._begin
        self._durable_told = False
        self._newest_revision = -1
        self._rests = False

    # What the application does and asks

    def add(self, samples: Samples) -> None:
        """Append audio to the stream. What the ring can't hold any more pushes out the oldest."""
        if self._stop_wanted:
            raise RuntimeError("audio can't follow stop")
        self._outbox.add(samples)

    def flush(self) -> None:
        """End the current segment after the audio added so far."""
        self._outbox.flush()

    def stop(self) -> None:
        """Say that no more audio comes."""
        self._stop_wanted = True

    @property
    def end(self) -> int:
        """The position behind the last sample added."""
        return self._outbox.end

    @property
    def capacity(self) -> int:
        """How many samples may be added without going beyond the window of unacknowledged audio.

        Nor may they push out audio whose text the chat has not stored: it may have to be sent again.
        """
        capacity = self._window - (self.end - self._acked)
        if self._durable_told:
            capacity = min(capacity, self._ring - (self.end - self._durable))
        return max(0, capacity)

    # What happens to the connection

    def connected(self, now: float) -> None:
        """The socket is open."""
        super().connected(now)
        resume = {
            "stream_id": self._stream_id,
            "finals_received": self.transcript.finals_in_order - self._offset.segments,
            "durable_samples": max(0, self._durable - self._offset.samples),
        }
        opening = {"stream_id": None, "finals_received": 0, "durable_samples": 0}
        self._greeting = encode(self._start.model_copy(update=resume if self._stream_id else opening))

    def interrupted(self, error: VoicechatError, now: float) -> float:
        """The socket could not be opened or is closed. Return the seconds until the next attempt.

        A server that let the stream go because nothing came, as from a muted microphone, is left alone until
        there is something to say.

        Args:
            error: Why, as far as the socket tells; a reason the server gave counts more.
            now: Seconds of any steady clock.

        Raises:
            VoicechatError: If there should be no other attempt.
        """
        error = self._verdict or error
        self._rests = error.code is ErrorCode.IDLE_TIMEOUT and not self._has_more
        if self._rests:
            # What the server asks for is over when there is something to say; the pauses still grow.
            error = VoicechatError(error.code, error.message, error.advice)
        delay = self._pause(error, now)
        if self._rests:
            self._backoff.recovered()
        else:
            self._events.append(Retrying(in_s=round(delay, 3), reason=error.message))
        return delay

    @property
    def needs_connection(self) -> bool:
        """Whether there is a reason to connect again."""
        return self._has_more or not self._rests

    def next_message(self) -> str | bytes | None:
        """Return what is to be sent now, or None."""
        if self._greeting is not None:
            greeting, self._greeting = self._greeting, None
            return greeting
        return super().next_message()

    def _given_up(self, error: VoicechatError) -> VoicechatError:
        return failures.not_resumed(error) if self._backoff.established else error

    def _next_message(self) -> str | bytes | None:
        if self.state is LinkState.STOPPING:
            return None
        if gap := self._outbox.gap:
            self._tell_loss(*gap)
            self._outbox.fill_gap()
        message = self._outbox.next_message()
        if message is None and self._stop_wanted:
            self._go(LinkState.STOPPING)
            return encode(Stop())
        return message

    def _handle(self, message: ServerMessage) -> None:
        match message:
            case Ready():
                self._on_ready(message)
            case Partial():
                self._on_text(self._offset.partial(message))
            case Final():
                self._on_text(self._offset.final(message))
            case Ack():
                self._on_ack(self._offset.ack(message))
            case Done():
                self._on_done(self._offset.done(message))
            case Error():
                self._on_error(message)
            case Pong():
                pass

    def _on_ready(self, message: Ready) -> None:
        if not self._accepts(message.type, message.protocol):
            return
        if self._stream_id is not None and message.stream_id != self._stream_id:
            self._forget_stream()
        if message.origin is StreamOrigin.RESTORED:
            self._offset = replace(self._offset, revisions=self._newest_revision + 1)
            self._restarted = True
        ready = self._offset.ready(message)
        if ready.received_samples > self.end and not self._succeeds:
            self._verdict = failures.not_our_protocol(_("the server has more audio than was sent"))
            return
        resumes = self._open()
        resent = max(0, self._outbox.cursor - ready.received_samples)
        self._outbox.go_to(ready.received_samples)
        self._stream_id = ready.stream_id
        self._acked = ready.received_samples
        if resumes:
            resent_ms = milliseconds(resent, self._start.sample_rate)
            self._events.append(
                Resumed(resent_ms=resent_ms, restarted=self._restarted, stream_id=self._resumable_id)
            )
        else:
            self._events.append(ready)
        self._restarted = False

    def _on_text(self, event: Partial | Final) -> None:
        self._newest_revision = max(self._newest_revision, event.revision)
        if self.transcript.apply(event) is not None:
            self._events.append(event)

    def _on_ack(self, ack: Ack) -> None:
        if ack.received_samples > self._acked:
            self._acked = ack.received_samples
            self._backoff.recovered()
        if ack.durable_samples is not None:
            self._durable = max(self._durable, ack.durable_samples)
            self._durable_told = True
        self._events.append(ack)

    def _on_done(self, done: Done) -> None:
        # A stream that the server ended by itself may have been sent audio that it did not take.
        if self._stop_wanted and done.received_samples >= self.end:
            self._go(LinkState.FINISHED)
            self._events.append(done)
            return
        if self._durable_told:
            self._durable = max(self._durable, done.decoded_samples)
        self._forget_stream()
        self._verdict = failures.stream_gone(_("The server ended the stream early."))

    def _on_error(self, message: Error) -> None:
        if message.code == ErrorCode.UNKNOWN_STREAM and self._stream_id is not None:
            self._forget_stream()
            self._verdict = failures.stream_gone(_("The server no longer has the stream."))
        elif message.fatal or self.state is LinkState.OPENING:
            # Nothing but `start` was sent so far, and without it there is no stream.
            self._verdict = failures.told_by_server(message)
        else:
            self._events.append(message)

    def _forget_stream(self) -> None:
        """Plan a new stream with everything the lost one had not recognised, as far as it is still kept.

        A server that tells nothing of its store finishes what it has received into the chat, if it can: sent
        again, it would be there twice.
        """
        rate = self._start.sample_rate
        finals = self.transcript.finals_in_order
        recognised = max(self.transcript.final_until_ms * rate // 1000, self._offset.samples, self._durable)
        finished_there = self._acked if self._start.chat_id and not self._durable_told else 0
        position = max(recognised, self._outbox.start, finished_there)
        if position > recognised:
            self._tell_loss(recognised, position)
        self._offset = StreamOffset(
            rate,
            samples=position,
            segments=finals,
            revisions=self._newest_revision + 1,
            lost=self._offset.lost + position - recognised,
        )
        self._stream_id = None
        self._restarted = True

    @property
    def _has_more(self) -> bool:
        """Whether there is anything that the server is not known to have."""
        return self._stop_wanted or self.end > self._acked

    @property
    def _succeeds(self) -> bool:
        """Whether this goes on with somebody else's stream, of which the server may have more."""
        return self._start.stream_id is not None

    @property
    def _resumable_id(self) -> str | None:
        """The name under which the server has the stream from its first sample on."""
        return self._stream_id if self._offset.samples == 0 and self._offset.segments == 0 else None

    def _tell_loss(self, begin: int, end: int) -> None:
        rate = self._start.sample_rate
        self._events.append(AudioLost(at_ms=milliseconds(begin, rate), ms=milliseconds(end - begin, rate)))
