"""The threads that recognise: each steps a batch, and all share one model and all streams."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.config import SAMPLE_RATE
from voicechat_server.asr.observer import RecognitionObserver
from voicechat_server.asr.paraformer.state import Chunk
from voicechat_server.asr.recognition.lane import Lane
from voicechat_server.asr.recognition.scheduler import (
    STREAM_FAULTS,
    Command,
    Due,
    Scheduler,
    Tools,
    fail,
    failing_alone,
)
from voicechat_server.asr.recognition.session import DueChunk

if TYPE_CHECKING:  # torch takes seconds to import, and the server answers before that
    from voicechat_server.asr.paraformer.stepper import ParaformerStepper


class EndedEarlyError(Exception):
    """The threads are to end before they have anything to work with."""


class Workers:
    """Owns the threads. Its methods are called on the event loop.

    Args:
        count: How many there are.
        prepare: Prepares the model and returns what the threads work with; runs on the first of them.
        on_end: Called on a thread, once: with the error that ended the first of them that failed, or with
            None when all have ended.
        observer: Hears of the threads' work, on each of them.
    """

    def __init__(
        self,
        count: int,
        prepare: Callable[[], Tools],
        on_end: Callable[[VoicechatError | None], None],
        observer: RecognitionObserver,
    ) -> None:
        self._prepare = prepare
        self._on_end = on_end
        self._observer = observer
        self._prepared: Future[Tools] = Future()
        self._scheduler = Scheduler(count, observer)
        self._threads = [
            threading.Thread(target=self._run, args=(number,), name=f"recognition-{number}", daemon=True)
            for number in range(count)
        ]
        self._running = count
        self._failed = False
        self._ending = threading.Lock()
        self._is_to_end = threading.Event()

    @property
    def waiting(self) -> int:
        """Commands that have not been taken yet."""
        return self._scheduler.waiting

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def submit(self, command: Command) -> None:
        """Give a command to whichever thread is free."""
        self._scheduler.submit(command)

    def end(self, timeout_s: float) -> None:
        """End all threads after what they are doing, or leave them to the end of the process."""
        deadline = time.monotonic() + timeout_s
        self._is_to_end.set()
        self._scheduler.end()
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def pause(self, seconds: float) -> None:
        """Wait on the thread that prepares.

        Raises:
            EndedEarlyError: The threads are to end.
        """
        if self._is_to_end.wait(seconds):
            raise EndedEarlyError

    def _run(self, number: int) -> None:
        try:
            tools = self._tools(number)
            while batch := self._scheduler.next_batch(tools):
                self._step(batch, tools.stepper)
                self._scheduler.give_back(batch)
        except EndedEarlyError:
            self._one_ended(None)
        except VoicechatError as error:
            self._one_ended(error)
        except Exception as error:
            self._one_ended(_unexpected(error))
            raise
        else:
            self._one_ended(None)

    def _tools(self, number: int) -> Tools:
        if number == 0:
            try:
                self._prepared.set_result(self._prepare())
            except BaseException as error:
                self._prepared.set_exception(error)
                raise
        return self._prepared.result()

    def _step(self, batch: Sequence[Due], stepper: "ParaformerStepper") -> None:
        began = time.perf_counter()
        ready: list[Due] = []
        chunks: list[Chunk] = []
        for lane, due in batch:
            with failing_alone(lane):
                chunks.append(_chunk(stepper, lane, due))
                ready.append((lane, due))
        if ready:
            self._step_together(ready, chunks, stepper)
        for lane, _ in batch:
            lane.report()
        self._observer.thread_worked(time.perf_counter() - began)

    def _step_together(
        self, batch: Sequence[Due], chunks: Sequence[Chunk], stepper: "ParaformerStepper"
    ) -> None:
        began = time.perf_counter()
        try:
            tokens = stepper.step(chunks)
        except STREAM_FAULTS as error:
            # It is unknown whose fault it was, and what the states of the others hold now.
            for lane, _ in batch:
                fail(lane, error)
            return
        audio_s = sum(len(chunk.samples) for chunk in chunks) / SAMPLE_RATE
        self._observer.batch_stepped(len(batch), audio_s, time.perf_counter() - began)
        for (lane, due), new in zip(batch, tokens, strict=True):
            with failing_alone(lane):
                lane.accept(due, new)

    def _one_ended(self, error: VoicechatError | None) -> None:
        with self._ending:
            self._running -= 1
            is_news = not self._failed and (error is not None or self._running == 0)
            self._failed |= error is not None
        if is_news:
            self._on_end(error)


def _chunk(stepper: "ParaformerStepper", lane: Lane, due: DueChunk) -> Chunk:
    if due.segment.state is None:
        due.segment.state = stepper.open(lane.session.chunk_size)
    return Chunk(due.segment.state, due.samples, due.is_final)


def _unexpected(fault: Exception) -> VoicechatError:
    return VoicechatError(
        ErrorCode.INTERNAL,
        f"The recogniser ended unexpectedly: {type(fault).__name__}: {fault}",
        "Restart the server; include the details in its log in a bug report.",
    )
