"""The WebSockets that are open, so that they can be counted and ended in good order."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from voicechat_server.metrics import Surface

POLL_S = 0.02


class Connection(Protocol):
    """One open WebSocket.

    Attributes:
        surface: Which one.
    """

    surface: Surface

    @property
    def waiting(self) -> int:
        """Frames that wait for the client to read."""

    def shut_down(self) -> None:
        """Tell the client that the server ends, and finish what it has sent; returns before that is done."""


class Connections:
    """A set of open WebSockets."""

    def __init__(self) -> None:
        self._open: set[Connection] = set()

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._open)

    @contextmanager
    def holding(self, connection: Connection) -> Iterator[None]:
        """Count a connection while it lasts."""
        self._open.add(connection)
        try:
            yield
        finally:
            self._open.discard(connection)

    async def drain(self, grace_s: float, give_up: Callable[[], bool]) -> int:
        """Ask every connection to end, and wait until all have ended.

        Args:
            grace_s: The longest wait, in seconds.
            give_up: Asked again and again; the wait ends once it is true.

        Returns:
            How many connections were still open when the wait ended.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace_s
        for connection in self._open:
            connection.shut_down()
        while self._open and not give_up() and loop.time() < deadline:  # noqa: ASYNC110 - give_up is asked
            await asyncio.sleep(POLL_S)
        return len(self._open)
