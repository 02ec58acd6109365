"""The plainest client of `/ws`: sends what it is told, hands back what comes."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TypeVar

import websockets
from websockets.asyncio.client import ClientConnection

from tests.support.patience import PatientReader
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.speech import (
    ClientMessage,
    Done,
    Final,
    ServerMessage,
    Stop,
    server_decoder,
)
from voicechat_common.transcript import join_texts

MessageT = TypeVar("MessageT", bound=ServerMessage)


class SpeechClient:
    """One connection to `/ws`."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._reader = PatientReader(socket)

    async def send(self, *frames: ClientMessage | str | bytes) -> None:
        """Send messages, text frames or audio."""
        for frame in frames:
            await self.socket.send(frame if isinstance(frame, str | bytes) else encode(frame))

    async def turns(self, count: int) -> None:
        """Let the server read what was sent, and have so many turns of its loop."""
        for _ in range(count):
            await (await self.socket.ping())

    async def receive(self) -> ServerMessage:
        """Return the next message."""
        return server_decoder.decode(await self._reader.next())

    async def expect(self, kind: type[MessageT]) -> MessageT:
        """Return the next message of a kind, passing over others."""
        while True:
            message = await self.receive()
            if isinstance(message, kind):
                return message

    async def rest(self) -> list[ServerMessage]:
        """Return everything until the server closes the connection."""
        return [server_decoder.decode(frame) async for frame in self._frames()]

    async def closed_with(self) -> int | None:
        """Wait for the end; return the server's close code."""
        await self.socket.wait_closed()
        return self.socket.close_code

    async def _frames(self) -> AsyncIterator[str | bytes]:
        try:
            while True:
                yield await self._reader.next()
        except websockets.ConnectionClosed:
            return


@asynccontextmanager
async def connected(
    base: str, path: str = "/ws", *, forwarded_for: str | None = None
) -> AsyncIterator[SpeechClient]:
    """Open a connection while the context lasts, as if through a proxy if it is forwarded for somebody."""
    # A busy machine takes its time; a test that hangs is ended by its own timeout.
    async with websockets.connect(
        f"{base}{path}",
        additional_headers=None if forwarded_for is None else {"X-Forwarded-For": forwarded_for},
        max_size=None,
        max_queue=None,
        open_timeout=None,
        ping_timeout=None,
    ) as socket:
        yield SpeechClient(socket)


def texts(messages: Iterable[ServerMessage]) -> str:
    """The text of all finals among messages."""
    return join_texts(message.text for message in messages if isinstance(message, Final))


def receipt(messages: Iterable[ServerMessage]) -> Done:
    """The one receipt among messages."""
    (done,) = (message for message in messages if isinstance(message, Done))
    return done


async def recognise(base: str, *frames: ClientMessage | str | bytes) -> list[ServerMessage]:
    """Send frames, then `stop`; return everything the server said."""
    async with connected(base) as client:
        await client.send(*frames, Stop())
        return await client.rest()
