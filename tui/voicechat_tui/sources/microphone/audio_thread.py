"""The one thread in which all calls to the system's audio are made."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

from voicechat_tui.sources.microphone import failures

T = TypeVar("T")


class AudioThread:
    """Runs functions one after another in a thread of their own.

    Some audio systems may be used only from the thread that initialised them. Any of them may hang, which
    must not keep the program from ending: hence a daemon thread, which an executor has not. What waits behind
    a call that hangs is given up in its turn, so that there are never more calls than callers.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def call(
        self, function: Callable[[], T], within_s: float, undo: Callable[[T], None] | None = None
    ) -> T:
        """Return what a function returns.

        Args:
            function: What to call.
            within_s: How long it may take.
            undo: Takes back what the function has done after nobody waited for it any more.

        Raises:
            VoicechatError: `microphone_failed` if it does not return in time.
        """
        future: Future[T] = Future()

        def run() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    result = function()
                except BaseException as error:  # noqa: BLE001  (it is raised where the result is awaited)
                    future.set_exception(error)
                else:
                    future.set_result(result)

        def take_back(done: Future[T]) -> None:
            if undo is not None and not done.cancelled() and done.exception() is None:
                undo(done.result())

        self._put(run)
        try:
            async with asyncio.timeout(within_s):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            future.add_done_callback(take_back)
            raise failures.no_answer() from error
        except asyncio.CancelledError:
            future.add_done_callback(take_back)
            raise

    def _put(self, run: Callable[[], None]) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True, name="audio")
            self._thread.start()
        self._calls.put(run)

    def _run(self) -> None:
        while True:
            self._calls.get()()
