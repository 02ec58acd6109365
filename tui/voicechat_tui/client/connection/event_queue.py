"""A bounded queue of events with an end."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

EventT = TypeVar("EventT")

LIMIT = 256
"""Events that wait for the application. Beyond it the socket is not read, which slows the server."""


class EventQueue(Generic[EventT]):
    """Carries events from the connection's tasks to the one reader that the application is."""

    def __init__(self) -> None:
        self._events: deque[EventT] = deque()
        self._closed = False
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()

    async def put(self, event: EventT) -> None:
        """Append an event, waiting while the queue is full."""
        while len(self._events) >= LIMIT:
            self._taken.clear()
            await self._taken.wait()
        self._events.append(event)
        self._arrived.set()

    def close(self) -> None:
        """Say that nothing more is put."""
        self._closed = True
        self._arrived.set()

    async def get(self) -> EventT | None:
        """Return the next event, or None after the last."""
        while not self._events:
            if self._closed:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        self._taken.set()
        return self._events.popleft()
