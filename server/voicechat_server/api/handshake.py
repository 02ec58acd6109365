"""Handshakes of WebSockets that can't be read are answered, where Uvicorn would leave the client waiting."""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.api.errors import respond


class AnsweringProtocol(WebSocketsSansIOProtocol):
    """Uvicorn's WebSocket protocol, with an answer to a handshake that its parser refuses."""

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self._refuse()

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
