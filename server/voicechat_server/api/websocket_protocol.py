"""Uvicorn's WebSocket protocol, stricter where a client could keep it waiting, or disturb others."""

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.api.errors import respond

MOST_UNREAD_BYTES = 256 * 1024
"""A client that has left so much unread gets no more pongs: its pings would fill the memory."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One connection: its handshake is always answered, and who breaks the protocol is gone."""

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self._refuse()

    def handle_parser_exception(self) -> None:
        """Close the connection of a client that broke the protocol.

        Until it is closed, Uvicorn takes what is sent to such a client for a mistake of the app.
        """
        super().handle_parser_exception()
        self.disconnected = True

    def send_receive_event_to_app(self) -> None:
        """Hand a whole message to the app; Uvicorn would log a traceback for text that is not UTF-8."""
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_utf8(self.frames):
            self.frames = []
            self.conn.send_close(1007)
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()

    async def send(self, message: ASGISendEvent) -> None:
        """Send what the app tells the client.

        Uvicorn accepts a client that has gone in silence, and takes what is sent to it next for a mistake.
        """
        if not self.handshake_complete and self.transport.is_closing():
            raise ClientDisconnected
        await super().send(message)

    def handle_ping(self) -> None:
        """Answer a ping of a client that reads."""
        if self.transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            self.conn.data_to_send()
        else:
            super().handle_ping()

    def _refuse(self) -> None:
        answer = respond(
            VoicechatError(
                ErrorCode.BAD_FIELD,
                "The address or a header of the WebSocket's handshake is too long, or no HTTP.",
                "Keep the address and each header below 8 KiB; no chat id or name needs as much.",
            )
        )
        head = f"HTTP/1.1 {answer.status_code} Unprocessable Content\r\nconnection: close\r\n".encode()
        fields = b"".join(b"%b: %b\r\n" % field for field in answer.raw_headers)
        self.transport.write(head + fields + b"\r\n" + bytes(answer.body))
        self.transport.close()


def _is_utf8(frames: list[bytes]) -> bool:
    try:
        b"".join(frames).decode()
    except UnicodeDecodeError:
        return False
    return True
