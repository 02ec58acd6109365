"""The shell around a client's core: sockets, one after another, and the tasks that serve them."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from voicechat_common.errors import VoicechatError
from voicechat_common.printable import printable
from voicechat_tui.client.connection import failures
from voicechat_tui.client.connection.connect import open_socket
from voicechat_tui.client.connection.core import ConnectionCore, EventT, Retrying
from voicechat_tui.client.connection.event_queue import EventQueue
from voicechat_tui.client.connection.policy import ConnectionPolicy
from voicechat_tui.language import _
from voicechat_tui.redaction import shown

_ABNORMAL_CLOSURE = 1006


class Link(Generic[EventT]):
    """Keeps a core connected until it is done or gives up.

    Policy: `event_queue.LIMIT` events wait for the application; then the socket is not read, which the server
    notices.

    Args:
        core: The state of the connection.
        url: Asked for the address before each attempt.
        policy: The limits.

    Attributes:
        progress: Set whenever the server was heard, and at the end.
    """

    def __init__(
        self, core: ConnectionCore[Any, EventT], url: Callable[[], str], policy: ConnectionPolicy
    ) -> None:
        self.progress = asyncio.Event()
        self._core = core
        self._url = url
        self._policy = policy
        self._events = EventQueue[EventT | Retrying]()
        self._untold = deque[EventT | Retrying]()
        self._publishing = asyncio.Lock()
        self._to_send = asyncio.Event()
        self._retry_asked = asyncio.Event()
        self._socket: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Start connecting."""
        self._task = asyncio.create_task(self._run(), name=f"connection to {shown(self._url())}")

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._task is not None:
            self._task.cancel()
            # `join` raises a failure; if nobody joins, nobody wants to know.
            with suppress(asyncio.CancelledError, VoicechatError):
                await self._task
        # A task that never started has not done this.
        self._end()

    async def join(self) -> None:
        """Wait for the end, which may be that it was closed.

        Raises:
            VoicechatError: Why the connection was given up.
        """
        if self._task is not None:
            await asyncio.wait([self._task])
            if not self._task.cancelled():
                self._task.result()

    async def next_event(self) -> EventT | Retrying | None:
        """Return the next event, or None after the last."""
        return await self._events.get()

    def wake(self) -> None:
        """Say that the core has something to send."""
        self._to_send.set()

    def retry_now(self) -> None:
        """Make the next attempt now, if one is waited for."""
        self._retry_asked.set()

    def cut(self) -> None:
        """Drop the connection without goodbye, as a broken network does. The link comes back by itself."""
        if self._socket is not None:
            self._socket.transport.abort()

    @property
    def now(self) -> float:
        """The clock of the core."""
        return asyncio.get_running_loop().time()

    async def _run(self) -> None:
        try:
            while (error := await self._connection()) is not None:
                try:
                    delay = self._core.interrupted(error, self.now)
                finally:
                    await self._publish()
                await self._pause(delay)
                await self._until_needed()
        finally:
            self._end()

    def _end(self) -> None:
        self._events.close()
        self.progress.set()

    async def _pause(self, delay_s: float) -> None:
        self._retry_asked.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(delay_s):
                await self._retry_asked.wait()

    async def _until_needed(self) -> None:
        while not self._core.needs_connection:
            self._to_send.clear()
            await self._to_send.wait()

    async def _connection(self) -> VoicechatError | None:
        """Live through one connection. Return why it ended, or None if the core is done."""
        self._core.connecting()
        try:
            socket = await open_socket(self._url(), self._policy.open_s)
        except VoicechatError as error:
            return error
        self._core.connected(self.now)
        self._socket = socket
        try:
            async with asyncio.TaskGroup() as group:
                helpers = [group.create_task(self._write(socket)), group.create_task(self._watch(socket))]
                await self._read(socket)
                for helper in helpers:
                    helper.cancel()
        finally:
            self._socket = None
            try:
                await socket.close()
            finally:
                # A second cancellation does not wait for the closing handshake, and leaves no socket open.
                socket.transport.abort()
        return None if self._core.is_done else failures.closed(closing(socket))

    async def _read(self, socket: ClientConnection) -> None:
        """Hand the server's frames to the core until the connection is closed or useless."""
        with suppress(ConnectionClosed):
            while not self._core.wants_close:
                self._core.receive(await socket.recv(), self.now)
                self.progress.set()
                self._to_send.set()
                await self._publish()

    async def _write(self, socket: ClientConnection) -> None:
        """Send what the core has to say until the connection is closed."""
        with suppress(ConnectionClosed):
            while True:
                self._to_send.clear()
                message = self._core.next_message()
                await self._publish()
                if message is None:
                    await self._to_send.wait()
                else:
                    await socket.send(message)

    async def _watch(self, socket: ClientConnection) -> None:
        """Close a connection over which nothing comes any more."""
        while not self._core.wants_close:
            await asyncio.sleep(self._policy.check_s)
            self._core.check_alive(self.now)
            self._to_send.set()
        await socket.close()

    async def _publish(self) -> None:
        # One at a time: two that wait for a full queue would mix the order of their events.
        async with self._publishing:
            self._untold.extend(self._core.take_events())
            # An event is let go of only when it was put: a task may be cancelled while it waits.
            while self._untold:
                await self._events.put(self._untold[0])
                self._untold.popleft()


def closing(socket: ClientConnection) -> str:
    """Say how a connection was closed."""
    if socket.close_code in (None, _ABNORMAL_CLOSURE):
        return _("it broke off")
    reason = f", {printable(socket.close_reason)}" if socket.close_reason else ""
    return _("the server closed it (code {code})", code=f"{socket.close_code}{reason}")
