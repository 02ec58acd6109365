"""Work of which there may be much is done a little at a time, in turn, and the loop's own in between."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

TURN_S = 0.002
"""How long turns are taken, one after another, before the loop attends to everything else."""

Step = Callable[[], bool]
"""Does a little, such as reading what one connection has sent; returns whether there is more to do now."""


class Turns:
    """Those who have more to do than fits into one go."""

    def __init__(self) -> None:
        self._waiting: deque[Step] = deque()
        self._is_scheduled = False

    def enter(self, step: Step) -> None:
        """Let somebody take turns until there is nothing more to do."""
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
