"""A thread that recognises: it batches what is due of all its streams.

No batch waits for company. While one is stepped, the chunks of other streams fall due and form the next one,
so batches grow with the load and a lone stream is served at once. A stream has at most one chunk in a batch,
which keeps its order; where more streams are due than a batch takes, those longest without one go first.
"""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

import structlog

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.config import SAMPLE_RATE
from voicechat_server.asr.lane import Lane
from voicechat_server.asr.observer import RecognitionObserver
from voicechat_server.asr.paraformer.state import Chunk
from voicechat_server.asr.session import DueChunk
from voicechat_server.asr.vad import VoiceActivityDetector

if TYPE_CHECKING:  # torch takes seconds to import, and the server answers before that
    from voicechat_server.asr.paraformer.stepper import ParaformerStepper

log = structlog.stdlib.get_logger(__name__)

MAX_BATCH = 16
"""Most chunks in one batch: beyond it a chunk gets no cheaper, and the first one waits for the last."""

_STREAM_FAULTS = (ArithmeticError, LookupError, RuntimeError, ValueError, MemoryError)


class Order(Enum):
    """What a stream may ask of the thread."""

    OPEN = auto()
    AUDIO = auto()
    REALIGN = auto()
    FLUSH = auto()
    STOP = auto()
    DROP = auto()


@dataclass(frozen=True)
class Command:
    """One order for one lane; `data` is the packet of an AUDIO order."""

    order: Order
    lane: Lane
    data: bytes = b""


@dataclass(frozen=True)
class Tools:
    """What a thread works with, once the model is prepared."""

    stepper: "ParaformerStepper"
    detector: VoiceActivityDetector


class Scheduler:
    """Owns a thread that recognises.

    Args:
        number: Tells it from others, from 0.
        prepare: Returns what it works with; the first thing that runs on the thread.
        on_end: Called on the thread when it ends, with the error that ended it, if one did.
        observer: Hears of the thread's work, on the thread.
    """

    def __init__(
        self,
        number: int,
        prepare: Callable[[], Tools],
        on_end: Callable[[VoicechatError | None], None],
        observer: RecognitionObserver,
    ) -> None:
        self._prepare = prepare
        self._on_end = on_end
        self._observer = observer
        self._commands: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._lanes: list[Lane] = []
        self._ending = False
        self._thread = threading.Thread(target=self._run, name=f"recognition-{number}", daemon=True)

    @property
    def waiting(self) -> int:
        """Orders that have not been taken yet."""
        return self._commands.qsize()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, command: Command) -> None:
        """Give the thread an order. The queue is bounded by the streams, which wait while they are behind."""
        self._commands.put(command)

    def tell_to_end(self) -> None:
        """Let the thread end after what it is doing."""
        self._commands.put(None)

    def join(self, timeout_s: float) -> None:
        """Wait for the thread's end, or leave it to the end of the process after `timeout_s`."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            tools = self._prepare()
            idle = True
            while not self._ending:
                self._take_commands(tools.stepper, wait=idle)
                began = time.perf_counter()
                judged = self._judge(tools.detector)
                idle = not self._step(tools) and not judged
                self._report(tools.stepper)
                self._observer.thread_worked(time.perf_counter() - began)
        except VoicechatError as error:
            self._on_end(error)
        except Exception as error:
            self._on_end(_unexpected(error))
            raise
        else:
            self._on_end(None)

    def _take_commands(self, stepper: "ParaformerStepper", *, wait: bool) -> None:
        """Take all orders there are; with `wait`, at least one."""
        if wait:
            self._take(self._commands.get(), stepper)
        while not self._commands.empty():
            self._take(self._commands.get(), stepper)

    def _take(self, command: Command | None, stepper: "ParaformerStepper") -> None:
        if command is None:
            self._ending = True
            return
        lane = command.lane
        if command.order is Order.OPEN:
            self._lanes.append(lane)
        elif lane not in self._lanes:
            return
        try:
            match command.order:
                case Order.AUDIO:
                    lane.take(command.data)
                case Order.REALIGN:
                    lane.realign()
                case Order.FLUSH:
                    lane.flush()
                case Order.STOP:
                    lane.stop()
                case Order.DROP:
                    self._remove(lane, stepper)
        except _STREAM_FAULTS as error:
            self._fail(lane, error)

    def _judge(self, detector: VoiceActivityDetector) -> bool:
        """Find out where speech is in all streams; tell whether there was anything to judge."""
        judged = False
        for lane in self._lanes:
            try:
                judged |= lane.judge(detector)
            except _STREAM_FAULTS as error:
                self._fail(lane, error)
        return judged

    def _step(self, tools: Tools) -> bool:
        """Step one batch of what is due; tell whether anything was."""
        due: list[tuple[Lane, DueChunk]] = []
        for lane in self._lanes:
            chunk = lane.next_chunk() if len(due) < MAX_BATCH else None
            if chunk is not None:
                due.append((lane, chunk))
        if not due:
            return False
        began = time.perf_counter()
        try:
            tokens = tools.stepper.step([_chunk(tools.stepper, lane, chunk) for lane, chunk in due])
        except _STREAM_FAULTS as error:
            for lane, _ in due:
                self._fail(lane, error)
            return True
        audio_s = sum(len(chunk.samples) for _, chunk in due) / SAMPLE_RATE
        self._observer.batch_stepped(len(due), audio_s, time.perf_counter() - began)
        for (lane, chunk), new in zip(due, tokens, strict=True):
            lane.accept(chunk, new)
        served = {id(lane) for lane, _ in due}
        self._lanes.sort(key=lambda lane: id(lane) in served)
        return True

    def _report(self, stepper: "ParaformerStepper") -> None:
        """Tell all streams what became of them, and let go of those that are at their end."""
        for lane in self._lanes:
            lane.report()
        for lane in [lane for lane in self._lanes if lane.is_at_end]:
            self._remove(lane, stepper)

    def _fail(self, lane: Lane, fault: Exception) -> None:
        log.error("recognition of a stream failed", stream=lane.stream_id, exc_info=fault)
        lane.fail(
            VoicechatError(
                ErrorCode.RECOGNITION_FAILED,
                f"This stream can't be recognised further: {type(fault).__name__}.",
                "Open a new stream; other streams are not affected. The server's log has the details.",
            )
        )

    def _remove(self, lane: Lane, stepper: "ParaformerStepper") -> None:
        for segment in lane.session.segments:
            if segment.state is not None:
                stepper.close(segment.state)
        self._lanes.remove(lane)


def _chunk(stepper: "ParaformerStepper", lane: Lane, due: DueChunk) -> Chunk:
    if due.segment.state is None:
        due.segment.state = stepper.open(lane.session.chunk_size)
    return Chunk(due.segment.state, due.samples, due.is_final)


def _unexpected(fault: Exception) -> VoicechatError:
    return VoicechatError(
        ErrorCode.INTERNAL,
        f"The recogniser ended unexpectedly: {type(fault).__name__}: {fault}",
        "Restart the server; its log has the details, which belong into a bug report.",
    )
