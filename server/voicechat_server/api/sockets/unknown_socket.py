"""Answers WebSockets at paths that don't exist."""

import structlog
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from starlette.types import Receive, Scope, Send

from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.speech import Error
from voicechat_server.api.errors import close_code, close_reason
from voicechat_server.api.paths import no_socket, shown
from voicechat_server.api.services import services_of
from voicechat_server.api.sockets.client_socket import ClientSocket
from voicechat_server.metrics import Surface

log = structlog.stdlib.get_logger(__name__)


def install(app: FastAPI) -> None:
    """Answer every WebSocket at an unknown path with the right paths.

    It is accepted first: browsers and most programs show nothing of a refused handshake, but they do show
    messages and the close reason.
    """
    router = app.router

    async def unknown(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await _refuse(WebSocket(scope, receive, send))
        else:
            await router.not_found(scope, receive, send)

    router.default = unknown


async def _refuse(unknown: WebSocket) -> None:
    socket, error = ClientSocket(unknown), no_socket(unknown)
    services_of(unknown).metrics.error_met(Surface.HTTP, error.code)
    log.info("no WebSocket is at this path", path=shown(unknown.url.path))
    try:
        await socket.accept()
        await socket.send_text(encode(Error.of(error, fatal=True)))
        await socket.close(close_code(error), close_reason(error))
    except WebSocketDisconnect:
        pass
