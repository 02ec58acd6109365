"""Who sends much is read a little at a time, in turn with the others, and the event loop in between."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

TURN_S = 0.002
"""How long connections are read, all together, before the loop attends to everything else."""

Step = Callable[[], bool]
"""Reads a little of what one connection has sent; returns whether there is more that could be read now."""


class Turns:
    """The connections that have more to read than fits into one go."""

    def __init__(self) -> None:
        self._waiting: deque[Step] = deque()
        self._is_scheduled = False

    def enter(self, step: Step) -> None:
        """Let a connection take its turns until it has no more."""
        self._waiting.append(step)
        self._schedule()

    def _schedule(self) -> None:
        if self._waiting and not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._run)

    def _run(self) -> None:
        self._is_scheduled = False
        ends = time.perf_counter() + TURN_S
        while self._waiting:
            step = self._waiting.popleft()
            if step():
                self._waiting.append(step)
            if time.perf_counter() >= ends:
                break
        self._schedule()
