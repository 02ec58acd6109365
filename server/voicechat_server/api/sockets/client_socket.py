"""A client's WebSocket that reports a client that is gone consistently."""

from typing import Any

from fastapi import WebSocket, WebSocketDisconnect
from starlette.types import Message

from voicechat_server.api.gate.frame_limits import REFUSAL, frame_limits_of
from voicechat_server.identity.subprotocols import chosen

ABNORMAL_CLOSURE = 1006

MAX_TEXT_CHARACTERS = 64 * 1024
"""The longest text frame; the longest message of the protocols needs a fraction of it."""


class ClientSocket:
    """A socket that raises `WebSocketDisconnect`, and nothing else, for any call after the client is gone.

    Starlette does so once. After that it treats sends by other tasks, which don't know yet, as errors.

    Args:
        socket: The socket, not accepted yet.

    Attributes:
        limits: What the client may send.
    """

    def __init__(self, socket: WebSocket) -> None:
        self.limits = frame_limits_of(socket)
        self._socket = socket
        self._is_gone = False

    async def accept(self) -> None:
        """Accept the client.

        Raises:
            WebSocketDisconnect: The client is already gone.
        """
        try:
            await self._socket.accept(chosen(self._socket.scope.get("subprotocols", ())))
        except OSError as error:
            self._is_gone = True
            raise WebSocketDisconnect(ABNORMAL_CLOSURE) from error

    async def receive(self) -> Message:
        """Return the client's next frame.

        Raises:
            WebSocketDisconnect: The client is gone.
            VoicechatError: The client was refused, and nothing more is read.
        """
        self._raise_if_gone()
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            self._is_gone = True
            raise WebSocketDisconnect(message["code"])
        if REFUSAL in message:
            # Removed from the message, which this frame holds, as the error holds this frame.
            raise message.pop(REFUSAL)
        return message

    async def send_text(self, text: str) -> None:
        """Send a text frame.

        Raises:
            WebSocketDisconnect: The client is gone.
        """
        await self._do(self._socket.send_text, text)

    async def close(self, code: int, reason: str | None = None) -> None:
        """Close the connection.

        Raises:
            WebSocketDisconnect: The client is gone.
        """
        await self._do(self._socket.close, code, reason)
        self._is_gone = True

    async def _do(self, call: Any, *arguments: object) -> None:
        self._raise_if_gone()
        try:
            await call(*arguments)
        except WebSocketDisconnect:
            self._is_gone = True
            raise

    def _raise_if_gone(self) -> None:
        if self._is_gone:
            raise WebSocketDisconnect(ABNORMAL_CLOSURE)
