"""The speech client: a stream over a real socket, kept alive through outages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from random import Random
from types import TracebackType
from typing import Self

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from voicechat_common.audio import Samples
from voicechat_common.errors import VoicechatError
from voicechat_common.protocol.speech import Start
from voicechat_common.transcript import Transcript
from voicechat_tui.client import failures
from voicechat_tui.client.connect import open_socket
from voicechat_tui.client.core import SpeechCore
from voicechat_tui.client.event_queue import EventQueue
from voicechat_tui.client.events import Event
from voicechat_tui.client.policy import ClientPolicy
from voicechat_tui.client.state import State

_ABNORMAL_CLOSURE = 1006


class SpeechClient:
    """One stream to a speech server. An async context manager, and an async iterator of its events.

    The iterator ends after `Done`, or raises the `VoicechatError` for which the stream was given up. It must
    be read while audio is sent: where nobody takes the events, the server's messages are not read either.

    Args:
        url: The WebSocket URL of the server.
        start: How the stream is opened.
        policy: The limits.
    """

    def __init__(self, url: str, start: Start | None = None, policy: ClientPolicy | None = None) -> None:
        self._url = url
        self._policy = policy or ClientPolicy()
        # The jitter of a delay guards nothing.
        self._core = SpeechCore(start or Start(), self._policy, Random())  # noqa: S311
        self._events = EventQueue()
        self._to_send = asyncio.Event()
        self._progress = asyncio.Event()
        self._socket: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"speech stream to {self._url}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            # A failure of the stream was told by the iterator, or nobody asked for it.
            with suppress(asyncio.CancelledError, VoicechatError):
                await self._task

    @property
    def state(self) -> State:
        """Where the stream stands."""
        return self._core.state

    @property
    def transcript(self) -> Transcript:
        """All that was recognised so far."""
        return self._core.transcript

    @property
    def position(self) -> int:
        """How many samples were given to the stream."""
        return self._core.end

    async def send(self, samples: Samples) -> bool:
        """Append audio, waiting while too much of it is unacknowledged; for sources that can wait.

        Returns:
            False if the stream has ended and takes no more.
        """
        while len(samples) and not self._ended:
            taken = samples[: self._core.room]
            if len(taken):
                self._core.add(taken)
                self._to_send.set()
                samples = samples[len(taken) :]
            else:
                self._progress.clear()
                await self._progress.wait()
        return not self._ended

    def offer(self, samples: Samples) -> None:
        """Append audio without waiting; for sources that go on. At worst the oldest audio gives way."""
        self._core.add(samples)
        self._to_send.set()

    def flush(self) -> None:
        """End the current segment after the audio so far."""
        self._core.flush()
        self._to_send.set()

    def stop(self) -> None:
        """Say that no more audio comes: the finals follow, then `Done`. May be called again."""
        self._core.stop()
        self._to_send.set()

    def cut(self) -> None:
        """Drop the connection without goodbye, as a broken network does. The client comes back by itself."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while (event := await self._events.get()) is not None:
            yield event
        if self._task is not None:
            await self._task

    @property
    def _ended(self) -> bool:
        return self._core.state in (State.FINISHED, State.FAILED)

    @property
    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _run(self) -> None:
        try:
            while (error := await self._connection()) is not None:
                try:
                    delay = self._core.interrupted(error, self._now)
                finally:
                    await self._publish()
                await asyncio.sleep(delay)
        finally:
            self._events.close()
            self._progress.set()

    async def _connection(self) -> VoicechatError | None:
        """Live through one connection. Return why it ended, or None if the stream is done."""
        self._core.connecting()
        try:
            socket = await open_socket(self._url, self._policy.open_s)
        except VoicechatError as error:
            return error
        self._core.connected(self._now)
        self._socket = socket
        try:
            async with asyncio.TaskGroup() as group:
                helpers = [group.create_task(self._write(socket)), group.create_task(self._watch(socket))]
                await self._read(socket)
                for helper in helpers:
                    helper.cancel()
        finally:
            self._socket = None
            await socket.close()
        return None if self._core.state is State.FINISHED else failures.closed(_closing(socket))

    async def _read(self, socket: ClientConnection) -> None:
        """Hand the server's frames to the core until the connection is closed or useless."""
        with suppress(ConnectionClosed):
            while not self._core.wants_close:
                self._core.receive(await socket.recv(), self._now)
                self._progress.set()
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
            self._core.check_alive(self._now)
            self._to_send.set()
        await socket.close()

    async def _publish(self) -> None:
        for event in self._core.take_events():
            await self._events.put(event)


def _closing(socket: ClientConnection) -> str:
    """Say how a connection was closed."""
    if socket.close_code in (None, _ABNORMAL_CLOSURE):
        return "it broke off"
    reason = f", {socket.close_reason}" if socket.close_reason else ""
    return f"the server closed it (code {socket.close_code}{reason})"
