"""The recognition engine as the edges see it: streams in, events out, and a status that is always honest."""

import asyncio
import gc
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Self
from uuid import uuid4

import structlog

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import ChunkSize, Ready, Start, StreamEvent, StreamOrigin
from voicechat_server.asr.capacity.admission import Admission, gave_way
from voicechat_server.asr.capacity.cost import StreamCost
from voicechat_server.asr.capacity.threads import count_threads, count_workers
from voicechat_server.asr.config import FRAME_SAMPLES, SAMPLE_RATE, EngineConfig
from voicechat_server.asr.observer import RecognitionObserver
from voicechat_server.asr.preparation import Found, prepare
from voicechat_server.asr.recognition.lane import Lane, Report
from voicechat_server.asr.recognition.scheduler import Command, CommandKind
from voicechat_server.asr.recognition.session import SpeechSession
from voicechat_server.asr.recognition.workers import Workers
from voicechat_server.asr.status import EngineInfo, EngineState, EngineStatus
from voicechat_server.asr.streams.handle import StreamHandle
from voicechat_server.asr.streams.outbox import Listener, Stored
from voicechat_server.asr.streams.stream import Checkpoint, Stream
from voicechat_server.asr.vad.endpoint import Endpointer
from voicechat_server.asr.vad.state import WINDOW_SAMPLES

log = structlog.stdlib.get_logger(__name__)

_FINISH_TIMEOUT_S = 8.0
"""When the server ends: how long open streams have to finish."""

_THREAD_TIMEOUT_S = 2.0
"""When the server ends: how long the threads have to end; loading a model can't be interrupted."""

_KEPT_FINISHED = 256
"""Finished streams kept for clients that may have lost the last words; the oldest go first."""


class Engine:
    """Recognises many streams with one model. Used on one event loop; cheap until it is entered.

    Args:
        config: The configuration.
        observer: Hears what it does, to count it.

    Attributes:
        status: How far the engine is.
        info: What it recognises with.
        max_streams: Streams of its own chunk size that it takes at once; None until that is known.
        workers: Threads that recognise at the same time.
    """

    def __init__(self, config: EngineConfig, observer: RecognitionObserver | None = None) -> None:
        self._config = config
        self._observer = observer or RecognitionObserver()
        recognition = config.recognition
        self.status = EngineStatus(EngineState.STARTING, "The recogniser has not been started yet.")
        self.info = EngineInfo(
            model=config.model.name,
            model_revision=config.model.revision,
            device=recognition.device,
            precision=recognition.precision,
            chunk_size=recognition.chunk_size,
            encoder_chunk_look_back=recognition.encoder_chunk_look_back,
            decoder_chunk_look_back=recognition.decoder_chunk_look_back,
            endpointing=config.endpoint.enabled,
        )
        self.max_streams = config.limits.max_streams
        self._admission = Admission(self.max_streams, StreamCost(recognition.chunk_size))
        self._streams: dict[str, Stream] = {}
        self._finished: dict[str, Stream] = {}
        self.workers = count_workers(recognition.device, count_threads(recognition.threads))
        self._workers = Workers(
            self.workers,
            lambda: prepare(config, self._report_status, self._found, self._workers.pause, self._observer),
            lambda error: self._on_loop(self._ended, error),
            self._observer,
        )
        self._loop: asyncio.AbstractEventLoop

    @property
    def streams_now(self) -> int:
        """Streams that are recognised, those waiting for their client's return included."""
        return len(self._streams)

    @property
    def places_free(self) -> int | None:
        """Streams of its own chunk size that could be opened now; None while that is not known."""
        return self._admission.free(self._idle_s())

    @property
    def commands_waiting(self) -> int:
        """Commands that no thread has taken yet."""
        return self._workers.waiting

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self.status = EngineStatus(EngineState.STARTING, "Looking for the model.")
        self._workers.start()
        return self

    async def __aexit__(self, *failure: object) -> None:
        streams = list(self._streams.values())
        for stream in streams:
            stream.stop()
        if streams:
            waiting = [asyncio.create_task(stream.finished()) for stream in streams]
            _, late = await asyncio.wait(waiting, timeout=_FINISH_TIMEOUT_S)
            for task in late:
                task.cancel()
        await asyncio.to_thread(self._workers.end, _THREAD_TIMEOUT_S)
        for stream in [*self._streams.values(), *self._finished.values()]:
            stream.release()

    def owner_of(self, stream_id: str) -> str | None:
        """Return the owner of a stream that can be resumed, or None if there is no such stream."""
        live = self._streams.get(stream_id) or self._finished.get(stream_id)
        return None if live is None else live.owner

    def open_stream(
        self,
        start: Start,
        listener: Listener | None = None,
        checkpoint: Checkpoint | None = None,
        source: str = "",
        owner: str = "",
    ) -> StreamHandle:
        """Open a stream; where all places are taken, one that is idle gives way.

        Args:
            start: How it is opened.
            listener: Hears every event once, also while no connection has the stream.
            checkpoint: What the stream is called, and where it goes on if it was lost.
            source: Where it comes from, such as an address.
            owner: Whose it is; nobody else may resume it.

        Raises:
            VoicechatError: `not_ready` or `busy`, with when to try again.
        """
        try:
            self._check_ready()
            self._displace_idle(start.chunk_size or self.info.chunk_size, source)
        except VoicechatError as error:
            self._observer.stream_refused(error.code)
            raise
        begin = checkpoint or Checkpoint(uuid4().hex)
        ready = self._ready(start, begin.stream_id)
        live = self._streams[ready.stream_id] = self._open_lane(ready, start, listener, begin, owner)
        self._admission.admit(ready.stream_id, start.chunk_size or self.info.chunk_size, source)
        self._observer.stream_opened()
        origin = StreamOrigin.NEW if start.stream_id is None else StreamOrigin.RESTORED
        return StreamHandle(live, start.finals_received, origin)

    def resume_stream(self, start: Start, owner: str = "") -> StreamHandle:
        """Give a stream that lost its connection to a new one.

        Args:
            start: Which stream, and what its client has of it.
            owner: Who asks for it; to others than its owner it doesn't exist.

        Raises:
            VoicechatError: `unknown_stream`.
        """
        stream_id = start.stream_id or ""
        live = self._streams.get(stream_id) or self._finished.get(stream_id)
        if live is None or live.owner != owner:
            raise VoicechatError(
                ErrorCode.UNKNOWN_STREAM,
                f"There is no stream {start.stream_id!r} to resume.",
                f"A stream is kept {self._config.limits.resume_grace_s:g} s after its connection is lost; "
                "open a new one with `start` without `stream_id`.",
            )
        self._observer.stream_resumed()
        return StreamHandle(live, start.finals_received, StreamOrigin.HELD)

    def _check_ready(self) -> None:
        if (refusal := self.status.refusal(time.monotonic())) is not None:
            raise refusal

    def _displace_idle(self, chunk_size: ChunkSize, source: str) -> None:
        """Let idle streams give way to a new one, if no place is free otherwise.

        Each has less than a chunk left to recognise, so their places are free at once.
        """
        idle_s = self._idle_s()
        for stream_id in self._admission.displaced_by(chunk_size, source, idle_s):
            self._admission.release(stream_id)
            self._streams[stream_id].end(gave_way())
            self._observer.stream_gave_way()
            log.info("an idle stream gave way", stream=stream_id, idle_s=round(idle_s[stream_id], 1))

    def _idle_s(self) -> dict[str, float]:
        return {stream_id: live.idle_s for stream_id, live in self._streams.items()}

    def _ready(self, start: Start, stream_id: str) -> Ready:
        _, step, ahead = start.chunk_size or self.info.chunk_size
        return Ready(
            stream_id=stream_id,
            model=self.info.model,
            chunk_ms=step * FRAME_SAMPLES * 1000 // SAMPLE_RATE,
            lookahead_ms=ahead * FRAME_SAMPLES * 1000 // SAMPLE_RATE,
        )

    def _open_lane(
        self, ready: Ready, start: Start, listener: Listener | None, begin: Checkpoint, owner: str
    ) -> Stream:
        stream_id = ready.stream_id
        chunk_size = start.chunk_size or self.info.chunk_size
        config = self._config
        endpointing = config.endpoint.enabled if start.endpointing is None else start.endpointing
        position = begin.samples * SAMPLE_RATE // start.sample_rate
        last_end = begin.last_end_ms * SAMPLE_RATE // 1000
        session = SpeechSession(
            chunk_size,
            Endpointer(config.endpoint, WINDOW_SAMPLES, position, last_end) if endpointing else None,
            longest=config.endpoint.max_segment_s * SAMPLE_RATE,
            begin=position,
            last_end=last_end,
            segments=begin.segments,
        )
        lane = Lane(
            stream_id,
            session,
            start.sample_rate,
            lambda report: self._on_loop(self._deliver, stream_id, report),
            begin.samples,
        )

        def send(kind: CommandKind, data: bytes) -> None:
            self._workers.submit(Command(kind, lane, data))

        def let_go() -> Stream | None:
            live = self._streams.pop(stream_id, None)
            if live is not None:
                self._admission.release(stream_id)
                send(CommandKind.DROP, b"")
            return live

        def on_finish() -> None:
            if live := let_go():
                self._finished[stream_id] = live
                while len(self._finished) > _KEPT_FINISHED:
                    next(iter(self._finished.values())).release()

        def on_end() -> None:
            let_go()
            self._finished.pop(stream_id, None)

        def on_event(event: StreamEvent) -> Stored | None:
            self._observer.stream_emitted(event)
            return None if listener is None else listener(event)

        send(CommandKind.OPEN, b"")
        return Stream(
            ready,
            start.sample_rate,
            config.limits,
            send,
            on_finish,
            on_end,
            on_event,
            begin,
            is_stored=listener is not None,
            owner=owner,
        )

    def _on_loop(self, call: Callable[..., None], *arguments: object) -> None:
        """Call something on the event loop; for a thread that outlives the loop, this does nothing."""
        try:
            self._loop.call_soon_threadsafe(call, *arguments)
        except RuntimeError:
            if not self._loop.is_closed():
                raise

    def _deliver(self, stream_id: str, report: Report) -> None:
        stream = self._streams.get(stream_id)
        if stream is not None:
            with structlog.contextvars.bound_contextvars(stream=stream_id):
                stream.on_report(report)

    def _report_status(self, status: EngineStatus) -> None:
        self._on_loop(setattr, self, "status", status)

    def _found(self, found: Found) -> None:
        self._on_loop(self._take_found, found)

    def _take_found(self, found: Found) -> None:
        self.info = replace(
            self.info,
            model=found.model.name,
            model_revision=found.model.revision,
            precision=found.precision,
        )
        self.max_streams = found.streams
        self._admission = Admission(found.streams, found.cost)
        # Otherwise the garbage collector would search all of PyTorch and FunASR again and again, and hold up
        # every stream for a fifth of a second each time.
        gc.freeze()

    def _ended(self, error: VoicechatError | None) -> None:
        if error is None:
            self.status = EngineStatus(EngineState.STOPPED, "The recogniser has been stopped.")
            return
        self.status = EngineStatus(EngineState.FAILED, error.message, error=error)
        log.error("the recogniser failed", code=error.code, reason=error.message, advice=error.advice)
        for stream in list(self._streams.values()):
            stream.fail(error)
