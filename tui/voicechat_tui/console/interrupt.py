"""Ctrl+C: once to stop cleanly, twice to quit immediately."""

import asyncio
import signal
import threading
from collections.abc import Callable
from typing import Self


class Interrupt:
    """Listens for Ctrl+C while entered; a second Ctrl+C cancels the task that entered it.

    Args:
        on_first: Called on the event loop at the first Ctrl+C.

    Attributes:
        asked: Set at the first Ctrl+C.
    """

    def __init__(self, on_first: Callable[[], None]) -> None:
        self.asked = asyncio.Event()
        self._on_first = on_first
        self._task: asyncio.Task[object] | None = None
        self._restore: Callable[[], object] | None = None

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        if threading.current_thread() is threading.main_thread():
            previous = signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(self.press))
            self._restore = lambda: signal.signal(signal.SIGINT, previous)
        return self

    def __exit__(self, *failure: object) -> None:
        if self._restore is not None:
            self._restore()

    def press(self) -> None:
        """Do what Ctrl+C does."""
        if self.asked.is_set():
            self.quit()
        else:
            self.asked.set()
            self._on_first()

    def quit(self) -> None:
        """Quit immediately."""
        if self._task is not None:
            self._task.cancel()
