"""The plainest client of `/chatting`: sends what it is told, hands back what comes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar
from urllib.parse import urlencode

import websockets
from websockets.asyncio.client import ClientConnection

from tests.support.patience import PatientReader
from voicechat_common.protocol.chat import (
    ChatClientMessage,
    ChatServerMessage,
    ConnectionEstablished,
    MessageAck,
    MessageHistory,
    NewMessage,
    SendMessage,
    chat_server_decoder,
)
from voicechat_common.protocol.codec import encode

MessageT = TypeVar("MessageT", bound=ChatServerMessage)


class ChatConnection:
    """One connection to a chat.

    Attributes:
        socket: The socket.
        established: What the server said first.
    """

    established: ConnectionEstablished

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._frames = PatientReader(socket)

    async def send(self, *frames: ChatClientMessage | str | bytes) -> None:
        """Send messages or raw frames."""
        for frame in frames:
            await self.socket.send(frame if isinstance(frame, str | bytes) else encode(frame))

    async def receive(self) -> ChatServerMessage:
        """Return the next message."""
        return chat_server_decoder.decode(await self._frames.next())

    async def expect(self, kind: type[MessageT]) -> MessageT:
        """Return the next message of a kind, passing over others."""
        while True:
            message = await self.receive()
            if isinstance(message, kind):
                return message

    async def say(self, content: str, client_message_id: str | None = None) -> MessageAck:
        """Send a text and return its ack, passing over what comes before it."""
        await self.send(SendMessage(content=content, client_message_id=client_message_id))
        while True:
            ack = await self.expect(MessageAck)
            if ack.client_message_id == client_message_id:
                return ack

    async def texts(self, count: int) -> list[str]:
        """Return the contents of the next stored messages, from the history or live."""
        found: list[str] = []
        while len(found) < count:
            message = await self.receive()
            if isinstance(message, MessageHistory | NewMessage) and message.seq is not None:
                found.append(message.content)
        return found

    async def closed_with(self) -> int | None:
        """Wait for the end; return the server's close code."""
        await self.socket.wait_closed()
        return self.socket.close_code


def chat_path(chat_id: str, user: str | None = None, since: int | str | None = None) -> str:
    """Return the path of a chat's socket."""
    query = {"id": chat_id, "user": user, "since": since}
    return "/chatting?" + urlencode({name: value for name, value in query.items() if value is not None})


@asynccontextmanager
async def in_chat(
    base: str, chat_id: str, user: str | None = None, since: int | None = None
) -> AsyncIterator[ChatConnection]:
    """Be in a chat while the context lasts."""
    async with raw_connection(base, chat_path(chat_id, user, since)) as connection:
        connection.established = await connection.expect(ConnectionEstablished)
        yield connection


@asynccontextmanager
async def raw_connection(base: str, path: str) -> AsyncIterator[ChatConnection]:
    """Hold a connection while the context lasts, whatever the server says to it."""
    # A busy machine takes its time; a test that hangs is ended by its own timeout.
    async with websockets.connect(
        f"{base}{path}",
        max_size=None,
        max_queue=None,
        open_timeout=None,
        ping_timeout=None,
        compression=None,
    ) as socket:
        yield ChatConnection(socket)
