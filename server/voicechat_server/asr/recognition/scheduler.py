"""What the workers share: all streams, and which of them a worker steps next.

A batch is made when a worker is free, of streams that no other worker has. None waits for company: while it
is stepped, the chunks of other streams fall due and form the next one, so batches grow with the load and a
lone stream is served at once. Those that fell due first go first, and workers that are free share them. A
stream has at most one chunk in all batches, which keeps its order.
"""

import queue
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from threading import Lock
from typing import TYPE_CHECKING

import structlog

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.observer import RecognitionObserver
from voicechat_server.asr.recognition.lane import Lane, Question
from voicechat_server.asr.recognition.session import DueChunk
from voicechat_server.asr.vad.state import Detector

if TYPE_CHECKING:  # torch takes seconds to import, and the server answers before that
    from voicechat_server.asr.paraformer.stepper import ParaformerStepper

log = structlog.stdlib.get_logger(__name__)

STREAM_FAULTS = (ArithmeticError, LookupError, RuntimeError, ValueError, MemoryError)
"""What may go wrong with a stream, or a batch of streams, without ending others."""


class CommandKind(Enum):
    """What is to be done with a lane."""

    OPEN = auto()
    AUDIO = auto()
    REALIGN = auto()
    FLUSH = auto()
    STOP = auto()
    DROP = auto()


@dataclass(frozen=True)
class Command:
    """One command for one lane; `data` is the packet of an `AUDIO` command."""

    kind: CommandKind
    lane: Lane
    data: bytes = b""


@dataclass(frozen=True)
class _Returned:
    """Lanes that a worker has stepped."""

    lanes: list[Lane]


@dataclass(frozen=True)
class Tools:
    """The tools of the workers, once the model is prepared.

    Attributes:
        stepper: Steps batches.
        detector: Finds speech.
        batch_size: Most chunks in one batch: beyond it a chunk hardly gets cheaper, and others wait for it.
    """

    stepper: "ParaformerStepper"
    detector: Detector
    batch_size: int


Due = tuple[Lane, DueChunk]


class Scheduler:
    """Has all lanes, and gives each of them to one worker at a time.

    One worker at a time has the turn: it takes what streams have sent, finds speech, and picks a
    batch, or waits until there is one. A lane belongs to whoever has the turn, unless it is in a batch.

    Args:
        workers: How many there are.
        observer: Hears of the work, on the threads of the workers.
    """

    def __init__(self, workers: int, observer: RecognitionObserver) -> None:
        self._workers = workers
        self._observer = observer
        self._inbox: queue.SimpleQueue[Command | _Returned | None] = queue.SimpleQueue()
        self._turn = Lock()
        self._ending = False
        self._batches = 0
        self._lanes: list[Lane] = []
        self._stepped: dict[Lane, list[Command]] = {}
        self._due: dict[Lane, None] = {}

    @property
    def waiting(self) -> int:
        """Commands that have not been taken yet."""
        return self._inbox.qsize() + sum(map(len, list(self._stepped.values())))

    def submit(self, command: Command) -> None:
        """Take a command. The queue is bounded: streams that are behind wait."""
        self._inbox.put(command)

    def end(self) -> None:
        """Give out no more batches."""
        self._inbox.put(None)

    def next_batch(self, tools: Tools) -> list[Due]:
        """Return what to step next, of at least one lane; empty when there is nothing to do ever again.

        The lanes are the caller's until it gives them to `give_back`.
        """
        with self._turn:
            idle = False
            while self._take_commands(tools, wait=idle):
                began = time.perf_counter()
                judged = self._judge(tools.detector)
                batch = self._pick(tools.batch_size)
                idle = not batch and not judged
                self._report(tools)
                self._observer.thread_worked(time.perf_counter() - began)
                if batch:
                    self._batches += 1
                    return batch
            return []

    def give_back(self, batch: Sequence[Due]) -> None:
        """Take lanes back from a worker that has stepped them."""
        self._inbox.put(_Returned([lane for lane, _ in batch]))

    def _take_commands(self, tools: Tools, *, wait: bool) -> bool:
        """Take all commands there are, with `wait` at least one; return whether to go on."""
        if wait and not self._ending:
            self._take(self._inbox.get(), tools)
        while not self._inbox.empty():
            self._take(self._inbox.get(), tools)
        return not self._ending

    def _take(self, item: Command | _Returned | None, tools: Tools) -> None:
        match item:
            case None:
                self._ending = True
            case _Returned(lanes):
                self._batches -= 1
                for lane in lanes:
                    for command in self._stepped.pop(lane):
                        self._handle(command, tools)
            case Command(lane=lane) if lane in self._stepped:
                self._stepped[lane].append(item)
            case Command():
                self._handle(item, tools)

    def _handle(self, command: Command, tools: Tools) -> None:
        lane = command.lane
        if command.kind is CommandKind.OPEN:
            self._lanes.append(lane)
        elif lane not in self._lanes:
            return
        with failing_alone(lane):
            match command.kind:
                case CommandKind.AUDIO:
                    lane.take(command.data)
                case CommandKind.REALIGN:
                    lane.realign()
                case CommandKind.FLUSH:
                    lane.flush()
                case CommandKind.STOP:
                    lane.stop()
                case CommandKind.DROP:
                    self._remove(lane, tools)

    def _judge(self, detector: Detector) -> bool:
        """Find speech in all streams; return whether there was anything to judge."""
        lanes = self._free_lanes()
        patient = self._batches > 0 or any(lane.is_due for lane in lanes)
        asking: list[tuple[Lane, Question]] = []
        for lane in lanes:
            with failing_alone(lane):
                asking += [(lane, question) for question in lane.questions(patient=patient)]
        if not asking:
            return False
        found = detector.probabilities([(question.windows, question.state) for _, question in asking])
        for (lane, question), probabilities in zip(asking, found, strict=True):
            with failing_alone(lane):
                question.answer(probabilities)
        return True

    def _pick(self, most: int) -> list[Due]:
        """Take the caller's share of what is due, and `most` chunks at most."""
        for lane in self._free_lanes():
            if lane.is_due:
                self._due.setdefault(lane)
            else:
                self._due.pop(lane, None)
        free_workers = self._workers - self._batches
        share = min(-(-len(self._due) // free_workers), most)
        lanes = list(self._due)[:share]
        for lane in lanes:
            del self._due[lane]
            self._stepped[lane] = []
        return [(lane, lane.next_chunk()) for lane in lanes]

    def _report(self, tools: Tools) -> None:
        """Report to the streams, and remove those that are at their end."""
        for lane in self._free_lanes():
            lane.report()
            if lane.is_at_end:
                self._remove(lane, tools)

    def _free_lanes(self) -> list[Lane]:
        return [lane for lane in self._lanes if lane not in self._stepped]

    def _remove(self, lane: Lane, tools: Tools) -> None:
        for segment in lane.session.segments:
            if segment.state is not None:
                tools.stepper.close(segment.state)
        self._lanes.remove(lane)
        self._due.pop(lane, None)


@contextmanager
def failing_alone(lane: Lane) -> Iterator[None]:
    """Give up a stream, and no other, for what goes wrong with it in here."""
    try:
        yield
    except STREAM_FAULTS as error:
        fail(lane, error)


def fail(lane: Lane, fault: Exception) -> None:
    """Give up a stream, and log what happened."""
    log.error("recognition of a stream failed", stream=lane.stream_id, exc_info=fault)
    lane.fail(
        VoicechatError(
            ErrorCode.RECOGNITION_FAILED,
            f"This stream can't be recognised further: {type(fault).__name__}.",
            "Open a new stream; the recogniser goes on. The server's log has the details.",
        )
    )
