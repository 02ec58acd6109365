"""Takes turns at large amounts of work: a little at a time, yielding to the event loop in between."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

TURN_S = 0.002
"""How long turns are taken, one after another, before yielding to the event loop."""

Step = Callable[[], bool]
"""Does a little work, such as reading some of one connection's input; returns whether more is left."""


class Turns:
    """Work that doesn't fit into one step."""

    def __init__(self) -> None:
        self._waiting: deque[Step] = deque()
        self._is_scheduled = False

    def enter(self, step: Step) -> None:
        """Run a step in turn with others, until it has nothing left to do."""
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
