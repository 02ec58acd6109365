"""The threads that recognise: each has streams of its own, and all step the same model.

What they share is only read. A stream stays with the worker that had the fewest when it came.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from threading import Lock

from voicechat_common.errors import VoicechatError
from voicechat_server.asr.lane import Lane
from voicechat_server.asr.observer import RecognitionObserver
from voicechat_server.asr.scheduler import Command, Order, Scheduler, Tools


class Workers:
    """Owns the schedulers. Its methods are called on the event loop.

    Args:
        count: How many there are.
        prepare: Prepares the model and returns the tools of each; runs on the first one's thread.
        on_end: Called on a thread, once: with the error that ended the first of them that failed, or with
            None when all have ended.
        observer: Hears of the threads' work, on each of them.

    Attributes:
        homes: The number of the worker that each open lane belongs to.
    """

    def __init__(
        self,
        count: int,
        prepare: Callable[[], list[Tools]],
        on_end: Callable[[VoicechatError | None], None],
        observer: RecognitionObserver,
    ) -> None:
        self._prepare = prepare
        self._on_end = on_end
        self._prepared: Future[list[Tools]] = Future()
        self._schedulers = [
            Scheduler(index, partial(self._tools, index), self._one_ended, observer) for index in range(count)
        ]
        self.homes: dict[Lane, int] = {}
        self._running = count
        self._failed = False
        self._lock = Lock()

    @property
    def waiting(self) -> int:
        """Orders that have not been taken yet."""
        return sum(scheduler.waiting for scheduler in self._schedulers)

    def start(self) -> None:
        """Start the threads."""
        for scheduler in self._schedulers:
            scheduler.start()

    def submit(self, command: Command) -> None:
        """Give an order to the thread that has the lane; one that opens a lane finds it a thread."""
        lane = command.lane
        if command.order is Order.OPEN:
            lanes = list(self.homes.values())
            self.homes[lane] = min(range(len(self._schedulers)), key=lanes.count)
        home = self.homes.get(lane)
        if home is None:
            return
        if command.order is Order.DROP:
            del self.homes[lane]
        self._schedulers[home].submit(command)

    def end(self, timeout_s: float) -> None:
        """End all threads after what they are doing, or leave them to the end of the process."""
        deadline = time.monotonic() + timeout_s
        for scheduler in self._schedulers:
            scheduler.tell_to_end()
        for scheduler in self._schedulers:
            scheduler.join(max(0.0, deadline - time.monotonic()))

    def _tools(self, index: int) -> Tools:
        if index == 0:
            try:
                self._prepared.set_result(self._prepare())
            except BaseException as error:
                self._prepared.set_exception(error)
                raise
        return self._prepared.result()[index]

    def _one_ended(self, error: VoicechatError | None) -> None:
        with self._lock:
            self._running -= 1
            is_news = not self._failed and (error is not None or self._running == 0)
            self._failed |= error is not None
        if is_news:
            self._on_end(error)
