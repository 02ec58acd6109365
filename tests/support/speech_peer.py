"""The counting server behind a real socket, with failures on demand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.support.counting_server import CountingServer
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.speech import Error

Behaviour = Callable[["SpeechPeer", ServerConnection], Awaitable[None]]


class SpeechPeer:
    """A speech server that behaves as told: one behaviour per connection, the last for all further ones."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self.counting = CountingServer()
        self.url = ""
        self.connections = 0
        self.packets: list[int] = []
        self.logins: list[str | None] = []
        self._packet_came = asyncio.Event()
        self._behaviours = list(behaviours) or [answer]

    @property
    def audio(self) -> list[int]:
        """The samples of the newest stream."""
        return [int(sample) for sample in self.counting.all_streams[-1].audio]

    async def handle(self, socket: ServerConnection) -> None:
        behaviour = self._behaviours[min(self.connections, len(self._behaviours) - 1)]
        self.connections += 1
        self.logins.append(socket.request.headers.get("Authorization") if socket.request else None)
        self.counting.finished = False
        try:
            await behaviour(self, socket)
        except ConnectionClosed:
            return
        finally:
            self.counting.disconnect()

    async def heard(self, packets: int) -> None:
        """Wait until so many packets have come."""
        while len(self.packets) < packets:
            self._packet_came.clear()
            await self._packet_came.wait()

    async def exchange(self, socket: ServerConnection) -> None:
        """Answer one frame."""
        frame = await socket.recv()
        if isinstance(frame, bytes):
            self.packets.append(len(frame))
            self._packet_came.set()
        for reply in self.counting.handle(frame):
            await socket.send(reply)


@asynccontextmanager
async def speech_peer(*behaviours: Behaviour) -> AsyncIterator[SpeechPeer]:
    """Run a peer on a free port."""
    peer = SpeechPeer(*behaviours)
    async with serve(peer.handle, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        peer.url = f"ws://127.0.0.1:{port}/ws"
        yield peer


async def answer(peer: SpeechPeer, socket: ServerConnection) -> None:
    """Answer until the stream is done, as a good server does."""
    while not peer.counting.finished:
        await peer.exchange(socket)


def drop_after(frames: int) -> Behaviour:
    """Answer so many frames, then vanish without goodbye."""

    async def behave(peer: SpeechPeer, socket: ServerConnection) -> None:
        for _ in range(frames):
            await peer.exchange(socket)
        socket.transport.abort()

    return behave


def forget_after(frames: int) -> Behaviour:
    """Answer so many frames, then lose every stream, as a restart does."""

    async def behave(peer: SpeechPeer, socket: ServerConnection) -> None:
        for _ in range(frames):
            await peer.exchange(socket)
        peer.counting.forget()
        socket.transport.abort()

    return behave


def refuse(error: Error, close_code: int = 1013) -> Behaviour:
    """Answer `start` with a fatal error."""

    async def behave(peer: SpeechPeer, socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send(encode(error))
        await socket.close(close_code)

    return behave


def say(text: str | bytes) -> Behaviour:
    """Answer `start` with anything."""

    async def behave(peer: SpeechPeer, socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send(text)
        await socket.wait_closed()

    return behave


async def say_nothing(peer: SpeechPeer, socket: ServerConnection) -> None:
    """Accept, and never answer."""
    await socket.wait_closed()


def fall_silent_after(frames: int) -> Behaviour:
    """Answer so many frames, then hold the connection open and say nothing."""

    async def behave(peer: SpeechPeer, socket: ServerConnection) -> None:
        for _ in range(frames):
            await peer.exchange(socket)
        await socket.wait_closed()

    return behave


def slow(seconds_per_frame: float) -> Behaviour:
    """Answer at a pace."""

    async def behave(peer: SpeechPeer, socket: ServerConnection) -> None:
        while not peer.counting.finished:
            await asyncio.sleep(seconds_per_frame)
            await peer.exchange(socket)

    return behave
