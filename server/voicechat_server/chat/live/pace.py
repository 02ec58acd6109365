"""Telling of what changes often: the first change at once, and from then on at most once in a while."""

import asyncio
from collections.abc import Callable


class Pace:
    """Calls `tell` when something may have changed: at once, or when the interval is over.

    What changes meanwhile is told together, so that the last state is always told.

    Args:
        interval_s: The shortest time between two calls that told something.
        tell: Tells what has changed since it was called last; returns whether there was anything to tell.
    """

    def __init__(self, interval_s: float, tell: Callable[[], bool]) -> None:
        self._interval_s = interval_s
        self._tell = tell
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether something was told so lately that the next change has to wait."""
        return self._timer is not None

    def changed(self) -> None:
        """Say that something may have changed."""
        if self._timer is None:
            self._tell_now()

    def cancel(self) -> None:
        """Tell nothing more, and let go of who would."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._tell = _nothing

    def _tell_now(self) -> None:
        self._timer = None
        if self._tell():
            self._timer = asyncio.get_running_loop().call_later(self._interval_s, self._tell_now)


def _nothing() -> bool:
    return False
