"""The open WebSockets, to count them and to close them gracefully."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.identity.model import Identity
from voicechat_server.metrics import Surface

POLL_S = 0.02
RETRY_S = 10.0
"""When a client whose address has too many may try again."""


class Connection(Protocol):
    """One open WebSocket.

    Attributes:
        surface: The socket's endpoint.
        source: Where its client connects from; empty if unknown.
        identity: Whose connection it is; None where nobody is asked.
    """

    surface: Surface
    source: str
    identity: Identity | None

    @property
    def chat_id(self) -> str | None:
        """The chat it is for; None for none."""

    @property
    def waiting(self) -> int:
        """Frames that wait for the client to read."""

    def shut_down(self) -> None:
        """Tell the client that the server is shutting down, and finish its work, without waiting."""

    def dismiss(self, reason: VoicechatError) -> None:
        """Tell the client why it is not served any longer, and close the connection, without waiting."""


class Connections:
    """A set of open WebSockets.

    Args:
        most_of_source: How many one source may have.
    """

    def __init__(self, most_of_source: int) -> None:
        self._most_of_source = most_of_source
        self._open: set[Connection] = set()
        self._of_source: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._open)

    @contextmanager
    def holding(self, connection: Connection) -> Iterator[None]:
        """Count a connection while it lasts."""
        self._open.add(connection)
        self._of_source[connection.source] += 1
        try:
            yield
        finally:
            self._open.discard(connection)
            self._of_source[connection.source] -= 1
            if not self._of_source[connection.source]:
                del self._of_source[connection.source]

    def refuse_too_many(self, connection: Connection) -> None:
        """Refuse a connection beyond what its source may have.

        Raises:
            VoicechatError: `busy`.
        """
        if connection.source and self._of_source[connection.source] > self._most_of_source:
            raise VoicechatError(
                ErrorCode.BUSY,
                f"There are {self._most_of_source} WebSockets from this address already.",
                "Close some of them, or start the server with a larger --max-sockets-per-address.",
                retry_after_s=RETRY_S,
            )

    def dismiss_ended(self, ended: Callable[[Identity], VoicechatError | None]) -> None:
        """Dismiss everybody whose token has ended.

        Args:
            ended: Returns why somebody's token has ended, or None.
        """
        for connection in tuple(self._open):
            if connection.identity is not None and (reason := ended(connection.identity)) is not None:
                connection.dismiss(reason)

    def dismiss_from(self, chat_id: str, user: str, reason: VoicechatError) -> None:
        """Dismiss somebody from a chat that they may not see any longer."""
        for connection in tuple(self._open):
            identity = connection.identity
            if connection.chat_id == chat_id and identity is not None and identity.name == user:
                connection.dismiss(reason)

    async def drain(self, grace_s: float, give_up: Callable[[], bool]) -> int:
        """Ask every connection to close, and wait until all have closed.

        Args:
            grace_s: The longest wait, in seconds.
            give_up: Polled; the wait ends once it returns true.

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
