"""Starts requests a few at a time, so that a burst of them leaves the event loop to others in between.

Waiting requests are bounded by the connections, each of which has one request answered at a time.
"""

import asyncio
from collections import deque
from collections.abc import Callable

AT_A_TIME = 4
"""Requests to start in one iteration of the event loop; each takes about half a millisecond."""


class Starts:
    """Requests that have arrived and not started, oldest first."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._begun = 0
        self._is_scheduled = False

    def enter(self, begin: Callable[[], None]) -> None:
        """Start a request: right away, unless many started in this iteration of the loop."""
        if self._begun < AT_A_TIME and not self._waiting:
            self._begun += 1
            begin()
        else:
            self._waiting.append(begin)
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._next_round)

    def _next_round(self) -> None:
        self._begun = 0
        while self._waiting and self._begun < AT_A_TIME:
            self._begun += 1
            self._waiting.popleft()()
        self._is_scheduled = self._begun > 0
        if self._is_scheduled:
            asyncio.get_running_loop().call_soon(self._next_round)
