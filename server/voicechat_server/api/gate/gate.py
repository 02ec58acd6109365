"""The limits that all connections of one server share."""

import asyncio
import time
from collections.abc import Hashable
from typing import Any, Protocol

import structlog
import uvicorn

from voicechat_server.api.gate import descriptors, unread
from voicechat_server.api.gate.deadlines import Deadlines
from voicechat_server.api.gate.starts import Starts
from voicechat_server.api.gate.unfinished import UnfinishedInput
from voicechat_server.heap import GrownMemory, resident_bytes, return_freed_memory
from voicechat_server.turns import Turns

HEAD_S = 10.0
"""How long the head of a request may take, from the start of the connection."""

BODY_S = 30.0
"""How long the body of a request may take, from the end of its head."""

LOG_EVERY_S = 60.0
"""The shortest time between two log lines about refused connections."""

log = structlog.stdlib.get_logger(__name__)


class Request(Hashable, Protocol):
    """A connection on which a request is still coming in."""

    def expire(self) -> None:
        """Close the connection: the request took too long."""

    def evict(self) -> None:
        """Close the connection: its descriptor is needed for another one."""


class Answered(unread.Answered, Protocol):
    """A connection of HTTP."""

    def give_up(self) -> None:
        """Close the connection: it doesn't read what it is sent."""


class Socket(Protocol):
    """A connection of a WebSocket."""

    def grow_older(self, seconds: float) -> None:
        """Note that time has passed."""


class Gate:
    """Who may connect, and how much and how long each may send.

    Args:
        most_connections: Connections at once; as many as the process has descriptors for unless given.

    Attributes:
        turns: Connections with input left to parse.
        starts: Requests that have not started.
        unfinished: The memory taken by unfinished input.
        heads: Connections waiting for the head of their next request.
        bodies: Requests waiting for their body.
        sockets: The WebSockets.
        answered: The HTTP connections.
    """

    def __init__(self, most_connections: int | None = None) -> None:
        self.turns = Turns()
        self.starts = Starts()
        self.unfinished = UnfinishedInput()
        self.heads: Deadlines[Request] = Deadlines(HEAD_S)
        self.bodies: Deadlines[Request] = Deadlines(BODY_S)
        self.sockets: set[Socket] = set()
        self.answered: set[Answered] = set()
        self._most = most_connections or descriptors.connections_possible()
        self._open = 0
        self._swept_at = time.monotonic()
        self._logged_at = float("-inf")
        self._refused = 0
        self._unread: unread.UnreadOutput[Answered] = unread.UnreadOutput()
        self._memory = GrownMemory()
        self._trimming: asyncio.Task[None] | None = None

    def admit(self) -> bool:
        """Count a new connection, or return False if there is no capacity for it.

        The connection that has gone longest without sending a request is evicted for it.
        """
        if self._open >= self._most:
            oldest = self.heads.pop_oldest()
            if oldest is None:
                self._refused += 1
                self._log_refusals()
                return False
            oldest.evict()
        self._open += 1
        return True

    def leave(self) -> None:
        """Note that an admitted connection is gone."""
        self._open -= 1

    def sweep(self) -> None:
        """Enforce time limits; called about once a second."""
        now = time.monotonic()
        for late in (*self.heads.pop_expired(now), *self.bodies.pop_expired(now)):
            late.expire()
        for socket in tuple(self.sockets):
            socket.grow_older(now - self._swept_at)
        self._swept_at = now
        for connection in self._unread.look(self.answered, now):
            connection.give_up()
        if self._memory.is_worth_asking(resident_bytes(), now):
            self._trimming = asyncio.get_running_loop().create_task(asyncio.to_thread(return_freed_memory))

    async def close(self) -> None:
        """Wait for the gate's unfinished work."""
        if self._trimming is not None:
            await self._trimming

    def _log_refusals(self) -> None:
        now = time.monotonic()
        if now - self._logged_at >= LOG_EVERY_S:
            log.warning("no connection is free", connections=self._open, refused=self._refused)
            self._logged_at, self._refused = now, 0


class GatedConfig(uvicorn.Config):
    """Uvicorn's configuration, with a gate for its protocols.

    Args:
        gate: The gate.
        *args: Passed to Uvicorn.
        **kwargs: Passed to Uvicorn.
    """

    def __init__(self, gate: Gate, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.gate = gate


def gate_of(config: uvicorn.Config) -> Gate:
    """Return the gate of a server."""
    if not isinstance(config, GatedConfig):
        raise TypeError("The protocols of this server need a GatedConfig.")
    return config.gate
