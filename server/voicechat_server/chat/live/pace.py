"""Throttles notifications: the first change is emitted at once, later ones at most once per interval."""

import asyncio
from collections.abc import Callable


class Pace:
    """Calls `emit` when something may have changed: at once, or when the interval is over.

    Changes in between are emitted together, so the latest state always goes out.

    Args:
        interval_s: The shortest time between two calls that emitted something.
        emit: Emits what has changed since the last call; returns whether anything had.
    """

    def __init__(self, interval_s: float, emit: Callable[[], bool]) -> None:
        self._interval_s = interval_s
        self._emit = emit
        self._timer: asyncio.TimerHandle | None = None

    def changed(self) -> None:
        """Note that something may have changed."""
        if self._timer is None:
            self._emit_now()

    def cancel(self) -> None:
        """Emit nothing more, and drop the reference to `emit`."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._emit = _nothing

    def _emit_now(self) -> None:
        self._timer = None
        if self._emit():
            self._timer = asyncio.get_running_loop().call_later(self._interval_s, self._emit_now)


def _nothing() -> bool:
    return False
