"""A stream on the event loop, the test plays the model's thread: commands go out, reports come in."""

import asyncio
import math
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from tests.support.engine_config import stream_limits
from tests.support.loop_clock import LoopClock, turns
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import Ack, Done, Error, Final, Partial, Ready, StreamEvent
from voicechat_server.asr.config import StreamLimits
from voicechat_server.asr.recognition.lane import Report
from voicechat_server.asr.recognition.scheduler import CommandKind
from voicechat_server.asr.streams.handle import StreamHandle
from voicechat_server.asr.streams.outbox import MAX_HELD, Listener, Stored
from voicechat_server.asr.streams.stream import UNBEGUN_COUNTS, Stream

SECOND = 32_000
"""Bytes of a second at 16 kHz."""

T = TypeVar("T")

LIMITS = stream_limits(max_lag_s=2.0, resume_grace_s=30.0, idle_timeout_s=60.0, ack_interval_s=1.0)


def final(segment: int) -> Final:
    return Final(segment=segment, revision=1, text=f"final {segment}", start_ms=0, end_ms=0)


@dataclass
class Thread:
    """What the model's thread is told and tells."""

    rate: int = 16_000
    limits: StreamLimits = LIMITS
    listener: Listener | None = None
    sent: list[tuple[CommandKind, bytes]] = field(default_factory=list)
    finished: int = 0
    ended: int = 0

    def __post_init__(self) -> None:
        ready = Ready(stream_id="s", model="demo", chunk_ms=600, lookahead_ms=300)
        self.live = Stream(ready, self.rate, self.limits, self._take, self._finish, self._end, self.listener)

    @property
    def audio(self) -> bytes:
        return b"".join(data for kind, data in self.sent if kind is CommandKind.AUDIO)

    @property
    def commands(self) -> list[CommandKind]:
        """Commands other than audio."""
        return [kind for kind, _ in self.sent if kind is not CommandKind.AUDIO]

    def report(
        self,
        *events: Partial | Final,
        undecoded: int = 0,
        flushes_done: int = 0,
        is_done: bool = False,
        error: VoicechatError | None = None,
    ) -> None:
        """Report that all audio was taken, and all of it decoded but for `undecoded` samples at 16 kHz."""
        self.live.on_report(
            Report(
                events=list(events),
                taken=len(self.audio) // 2,
                undecoded=undecoded,
                flushes_done=flushes_done,
                silence=0,
                segments=sum(isinstance(event, Final) for event in events),
                needed_from=len(self.audio) // 2 - undecoded,
                is_done=is_done,
                error=error,
            )
        )

    def _take(self, kind: CommandKind, data: bytes) -> None:
        self.sent.append((kind, data))

    def _finish(self) -> None:
        self.finished += 1

    def _end(self) -> None:
        self.ended += 1


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> LoopClock:
    return LoopClock(monkeypatch)


@pytest.fixture
async def thread(clock: LoopClock) -> Thread:
    """Made when time stands still already."""
    return Thread()


async def next_of(stream: StreamHandle, count: int) -> list[StreamEvent]:
    """The next events."""
    events: list[StreamEvent] = []
    async for event in stream.events():
        events.append(event)
        if len(events) == count:
            break
    return events


async def told(stream: StreamHandle) -> list[StreamEvent]:
    """All events to the end of the stream."""
    return [event async for event in stream.events()]


async def blocked(task: asyncio.Task[T]) -> bool:
    """Whether a task still waits after everything else had its turn."""
    await turns()
    return not task.done()


async def test_audio_goes_to_the_thread_as_it_comes(thread: Thread) -> None:
    stream = StreamHandle(thread.live)
    for packet in (b"\1", b"\2\3", b"", b"\4" * 7):
        await stream.send_audio(packet)
    assert thread.audio == b"\1\2\3" + b"\4" * 7
    assert thread.live.received_samples == 5


async def test_a_stream_too_far_behind_is_not_read_until_it_has_caught_up(thread: Thread) -> None:
    stream = StreamHandle(thread.live)
    await stream.send_audio(bytes(int(2.5 * SECOND)))
    sending = asyncio.create_task(stream.send_audio(bytes(SECOND)))
    assert await blocked(sending)
    thread.report(undecoded=42_000)
    assert await blocked(sending)
    thread.report(undecoded=41_000)
    assert not await blocked(sending)


async def test_a_chunk_that_is_not_complete_is_no_lag() -> None:
    """Audio that waits for the rest of its chunk must not keep the rest from being read."""
    stream = StreamHandle(Thread(limits=stream_limits(max_lag_s=0.1)).live)
    await stream.send_audio(bytes(int(0.65 * SECOND)))


async def test_a_stream_is_not_read_while_too_much_waits_for_the_store(clock: LoopClock) -> None:
    """Its client keeps the audio for as long, and the server needs no memory without end."""
    waiting: list[Stored] = []

    def store(event: StreamEvent) -> Stored | None:
        if not isinstance(event, Final):
            return None
        waiting.append(asyncio.get_running_loop().create_future())
        return waiting[-1]

    thread = Thread(listener=store)
    stream = StreamHandle(thread.live)
    thread.report(*map(final, range(MAX_HELD - 1)))
    await stream.send_audio(bytes(SECOND))
    thread.report(final(MAX_HELD))
    sending = asyncio.create_task(stream.send_audio(bytes(SECOND)))
    assert await blocked(sending)
    await clock.move(20)
    assert thread.live.idle_s == 0, "who is not read can't be said to be idle"
    waiting[1].set_result(2)
    assert await blocked(sending)
    waiting[0].set_result(1)
    assert not await blocked(sending)


async def test_an_eager_client_gets_an_ack_for_every_second_it_sent(thread: Thread) -> None:
    stream = StreamHandle(thread.live)
    await stream.send_audio(bytes(SECOND - 2))
    assert thread.live.outbox.take() is None
    await stream.send_audio(bytes(2))
    assert await next_of(stream, 1) == [Ack(received_samples=16_000, decoded_samples=0, lag_ms=1000)]


async def test_a_slow_client_gets_an_ack_when_the_time_has_come(thread: Thread, clock: LoopClock) -> None:
    stream = StreamHandle(thread.live)
    await clock.move(0.9 * LIMITS.ack_interval_s)
    await stream.send_audio(bytes(100))
    assert thread.live.outbox.take() is None
    await clock.move(0.1 * LIMITS.ack_interval_s)
    await stream.send_audio(bytes(100))
    assert await next_of(stream, 1) == [Ack(received_samples=100, decoded_samples=0, lag_ms=6)]


async def test_acks_go_on_while_a_stream_too_far_behind_is_not_read(thread: Thread, clock: LoopClock) -> None:
    stream = StreamHandle(thread.live)
    sending = asyncio.create_task(stream.send_audio(bytes(10 * SECOND)))
    await next_of(stream, 1)
    await clock.move(LIMITS.ack_interval_s)
    thread.report(undecoded=80_000)
    assert await next_of(stream, 1) == [Ack(received_samples=160_000, decoded_samples=80_000, lag_ms=5000)]
    thread.report()
    assert not await blocked(sending)


async def test_an_ack_counts_in_the_rate_of_the_stream() -> None:
    thread = Thread(rate=48_000)
    stream = StreamHandle(thread.live)
    await stream.send_audio(bytes(2 * 48_000))
    thread.live.outbox.take()
    await stream.flush()
    thread.report(undecoded=4_000, flushes_done=1)
    assert await next_of(stream, 1) == [Ack(received_samples=48_000, decoded_samples=36_000, lag_ms=250)]


async def test_flush_is_answered_by_the_final_and_an_ack(thread: Thread) -> None:
    stream = StreamHandle(thread.live)
    await stream.send_audio(bytes(200))
    await stream.flush()
    assert thread.commands == [CommandKind.FLUSH]
    thread.report(final(0), flushes_done=1)
    assert await next_of(stream, 2) == [final(0), Ack(received_samples=100, decoded_samples=100, lag_ms=0)]


async def test_stop_is_ordered_once_and_answered_by_the_receipt(thread: Thread) -> None:
    stream = StreamHandle(thread.live)
    await stream.send_audio(bytes(200))
    await stream.stop()
    await stream.stop()
    assert thread.commands == [CommandKind.STOP]
    thread.report(final(0), is_done=True)
    *before, done = await told(stream)
    assert before == [final(0)]
    assert isinstance(done, Done)
    assert (done.received_samples, done.decoded_samples, done.dropped_samples) == (100, 100, 0)
    assert (done.received_ms, done.decoded_ms, done.dropped_ms, done.segments) == (6, 6, 0, 1)
    assert thread.finished == 1


async def test_audio_behind_the_end_is_dropped_and_accounted_for(thread: Thread) -> None:
    stream = StreamHandle(thread.live)
    await stream.send_audio(bytes(32_000))
    await stream.stop()
    await stream.send_audio(bytes(3_200))
    thread.report(is_done=True)
    done = (await told(stream))[-1]
    assert isinstance(done, Done)
    assert (done.received_samples, done.decoded_samples, done.dropped_samples) == (17_600, 16_000, 1_600)
    assert (done.received_ms, done.decoded_ms, done.dropped_ms) == (1100, 1000, 100)


async def test_an_odd_byte_at_the_end_is_told(thread: Thread) -> None:
    stream = StreamHandle(thread.live)
    await stream.send_audio(bytes(201))
    await stream.stop()
    thread.report(is_done=True)
    error, done = await told(stream)
    assert isinstance(error, Error)
    assert (error.code, error.fatal) == (ErrorCode.ODD_BYTES, False)
    assert isinstance(done, Done)
    assert (done.received_samples, done.decoded_samples) == (100, 100)


async def test_an_odd_byte_of_a_lost_connection_is_forgotten(thread: Thread) -> None:
    await StreamHandle(thread.live).send_audio(bytes(201))
    again = StreamHandle(thread.live)
    assert again.ready.received_samples == 100
    assert thread.commands == [CommandKind.REALIGN]
    await again.send_audio(b"\1\2")
    assert thread.live.received_samples == 101


async def test_a_newer_connection_takes_the_stream_over(thread: Thread) -> None:
    """As when a client comes back while the server still believes in its half-open connection."""
    old = StreamHandle(thread.live)
    reading = asyncio.create_task(next_of(old, 1))
    assert await blocked(reading)
    new = StreamHandle(thread.live)
    for attempt in (reading, old.send_audio(b"12"), old.flush()):
        with pytest.raises(VoicechatError) as caught:
            await attempt
        assert caught.value.code is ErrorCode.CONNECTION_LOST
    await old.stop()
    old.detach()
    assert thread.sent == []
    thread.report(final(0))
    assert await next_of(new, 1) == [final(0)]


async def test_a_connection_that_waits_for_a_late_stream_is_let_go_by_a_newer_one(thread: Thread) -> None:
    sending = asyncio.create_task(StreamHandle(thread.live).send_audio(bytes(10 * SECOND)))
    assert await blocked(sending)
    StreamHandle(thread.live)
    assert not await blocked(sending)


async def test_finals_the_client_has_are_not_repeated(thread: Thread) -> None:
    old = StreamHandle(thread.live)
    thread.report(final(0), final(1), final(2))
    await next_of(old, 3)
    old.detach()
    assert await next_of(StreamHandle(thread.live, finals_received=1), 2) == [final(1), final(2)]


async def test_what_happened_while_nobody_was_there_is_told(thread: Thread) -> None:
    StreamHandle(thread.live).detach()
    thread.report(final(0))
    assert await next_of(StreamHandle(thread.live), 1) == [final(0)]


async def test_a_receipt_that_did_not_reach_the_client_is_told_again(thread: Thread) -> None:
    old = StreamHandle(thread.live)
    await old.stop()
    thread.report(final(0), is_done=True)
    sent = await told(old)
    old.detach()
    assert (thread.finished, thread.ended) == (1, 0)
    assert await told(StreamHandle(thread.live)) == sent
    assert [type(event) for event in sent] == [Final, Done]


async def test_a_stream_nobody_comes_back_for_is_stopped_and_forgotten(
    thread: Thread, clock: LoopClock
) -> None:
    StreamHandle(thread.live).detach()
    assert thread.commands == []
    await clock.move(LIMITS.resume_grace_s)
    assert thread.commands == [CommandKind.STOP]
    assert thread.ended == 0
    thread.report(final(0), is_done=True)
    assert (thread.finished, thread.ended) == (1, 1)


async def test_a_stream_that_ended_is_kept_as_long_for_its_client(thread: Thread, clock: LoopClock) -> None:
    stream = StreamHandle(thread.live)
    await stream.stop()
    stream.detach()
    thread.report(is_done=True)
    assert thread.ended == 0
    await clock.move(LIMITS.resume_grace_s)
    assert thread.ended == 1


def error_of(events: list[StreamEvent]) -> Error:
    (error,) = [event for event in events if isinstance(event, Error)]
    return error


async def test_a_stream_that_gets_no_audio_is_ended_and_told_why(thread: Thread, clock: LoopClock) -> None:
    stream = StreamHandle(thread.live)
    await stream.send_audio(bytes(100))
    await clock.move(0.99 * LIMITS.idle_timeout_s)
    assert thread.commands == []
    await clock.move(0.01 * LIMITS.idle_timeout_s)
    assert thread.commands == [CommandKind.STOP]
    thread.report(is_done=True)
    error = error_of(await told(stream))
    assert (error.code, error.fatal) == (ErrorCode.IDLE_TIMEOUT, True)
    assert "60 s" in error.message


async def test_a_stream_that_has_had_audio_may_be_silent_for_long(thread: Thread, clock: LoopClock) -> None:
    await StreamHandle(thread.live).send_audio(bytes(SECOND // 10))
    await clock.move(10 * LIMITS.idle_timeout_s)
    assert thread.commands == []


async def test_a_stream_that_is_ended_tells_first_what_was_said(thread: Thread) -> None:
    stream = StreamHandle(thread.live)
    await stream.send_audio(bytes(200))
    thread.live.end(VoicechatError(ErrorCode.IDLE_TIMEOUT, "Others wait.", "Come again.", retry_after_s=7.0))
    await stream.send_audio(bytes(100))
    assert (thread.commands, thread.audio) == ([CommandKind.STOP], bytes(200))
    thread.report(final(0), is_done=True)
    first, ack, error = await told(stream)
    assert first == final(0)
    assert ack == Ack(received_samples=100, decoded_samples=100, lag_ms=0)
    assert isinstance(error, Error)
    assert (error.message, error.retry_after_s, error.fatal) == ("Others wait.", 7.0, True)


async def test_who_comes_back_to_a_stream_that_was_ended_finds_its_receipt(thread: Thread) -> None:
    """An error again would send clients round in circles."""
    stream = StreamHandle(thread.live)
    await stream.send_audio(bytes(200))
    thread.live.end(VoicechatError(ErrorCode.IDLE_TIMEOUT, "Others wait.", "Come again."))
    thread.report(final(0), is_done=True)
    await told(stream)
    stream.detach()
    again, done = await told(StreamHandle(thread.live))
    assert again == final(0)
    assert isinstance(done, Done)
    assert (done.received_samples, done.dropped_samples) == (100, 0)


@pytest.mark.parametrize("whose", ["stopped before", "stopped meanwhile", "nobody's"])
async def test_a_stream_that_needs_no_reason_ends_with_its_receipt_alone(thread: Thread, whose: str) -> None:
    stream = StreamHandle(thread.live)
    if whose == "stopped before":
        await stream.stop()
    thread.live.end(VoicechatError(ErrorCode.IDLE_TIMEOUT, "Others wait.", "Come again."))
    if whose == "stopped meanwhile":
        await stream.stop()
    if whose == "nobody's":
        stream.detach()
    thread.report(is_done=True)
    if whose == "nobody's":
        stream = StreamHandle(thread.live)
    assert thread.commands == [CommandKind.STOP]
    assert [type(event) for event in await told(stream)] == [Done]


async def test_a_stream_is_idle_since_its_last_audio(thread: Thread, clock: LoopClock) -> None:
    stream = StreamHandle(thread.live)
    await clock.move(2)
    assert thread.live.idle_s == pytest.approx(2 * UNBEGUN_COUNTS, abs=0.1)
    await stream.send_audio(bytes(SECOND))
    thread.report()
    assert thread.live.idle_s == 0
    await clock.move(3)
    assert thread.live.idle_s == pytest.approx(3, abs=0.01)
    await stream.stop()
    assert thread.live.idle_s == 0, "it ends by itself"


async def test_a_stream_that_is_behind_is_not_idle(thread: Thread, clock: LoopClock) -> None:
    """Its client may have sent much at once, or wait to be read."""
    stream = StreamHandle(thread.live)
    await stream.send_audio(bytes(2 * SECOND))
    await clock.move(20)
    assert thread.live.idle_s == 0
    thread.report(undecoded=16_000)
    assert thread.live.idle_s == pytest.approx(20, abs=0.01)


async def test_a_stream_without_client_or_audio_is_nobody_s(thread: Thread) -> None:
    StreamHandle(thread.live).detach()
    assert thread.live.idle_s == math.inf


async def test_a_client_that_comes_back_in_time_keeps_its_stream(thread: Thread, clock: LoopClock) -> None:
    StreamHandle(thread.live).detach()
    StreamHandle(thread.live)
    await clock.move(LIMITS.resume_grace_s)
    assert thread.commands == []


async def test_one_who_leaves_after_the_receipt_and_stays_away_is_forgotten(
    thread: Thread, clock: LoopClock
) -> None:
    stream = StreamHandle(thread.live)
    await stream.stop()
    thread.report(is_done=True)
    await told(stream)
    stream.detach()
    assert thread.ended == 0
    await clock.move(LIMITS.resume_grace_s)
    assert thread.ended == 1


async def test_a_stream_that_failed_ends_with_the_error(thread: Thread) -> None:
    stream = StreamHandle(thread.live)
    sending = asyncio.create_task(stream.send_audio(bytes(10 * SECOND)))
    assert await blocked(sending)
    thread.report(error=VoicechatError(ErrorCode.RECOGNITION_FAILED, "It broke.", "Try again."))
    assert not await blocked(sending)
    error = (await told(stream))[-1]
    assert isinstance(error, Error)
    assert (error.code, error.message, error.fatal) == (ErrorCode.RECOGNITION_FAILED, "It broke.", True)
    assert thread.finished == 1
    await thread.live.finished()


async def test_a_stream_that_failed_tells_nothing_more(thread: Thread) -> None:
    """The threads may have been stepping it meanwhile."""
    stream = StreamHandle(thread.live)
    thread.report(error=VoicechatError(ErrorCode.RECOGNITION_FAILED, "It broke.", "Try again."))
    thread.report(final(0))
    (error,) = await told(stream)
    assert isinstance(error, Error)
    assert thread.live.outbox.waiting == 0
