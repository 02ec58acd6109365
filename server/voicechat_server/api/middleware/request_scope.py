"""Gives each request and socket an id, which all its log lines carry, and answers faults."""

import time
from uuid import uuid4

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voicechat_server.api.errors import SERVER_FAULT, answer, internal_error
from voicechat_server.api.services import services_of

HEADER = "X-Request-Id"
OTHER = "other"
"""Stands in metrics for paths without a route and for unknown methods, however many are tried."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

log = structlog.stdlib.get_logger(__name__)


class RequestScope:
    """Middleware around everything else.

    Args:
        app: The app behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket."""
        name = uuid4().hex[:12]
        if scope["type"] == "http":
            with structlog.contextvars.bound_contextvars(request=name):
                await self._serve_request(name, scope, receive, send)
        elif scope["type"] == "websocket":
            with structlog.contextvars.bound_contextvars(connection=name):
                await self._serve_socket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _serve_request(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        status = 0

        async def name_it(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = name
            await send(message)

        began = time.perf_counter()
        try:
            await self._app(scope, receive, name_it)
        except Exception:
            log.exception("request failed", method=scope["method"], path=scope["path"])
            if status:
                raise
            await answer(internal_error(), scope, receive, name_it)
        seconds = time.perf_counter() - began
        method = scope["method"] if scope["method"] in METHODS else OTHER
        route = getattr(scope.get("route"), "path", OTHER)
        services_of(HTTPConnection(scope)).metrics.request_answered(method, route, status, seconds)
        log.debug(
            "request", method=method, path=scope["path"], status=status, milliseconds=round(seconds * 1000, 1)
        )

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_closed = False

        async def watch(message: Message) -> None:
            nonlocal is_closed
            is_closed = is_closed or message["type"] == "websocket.close"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception:
            log.exception("connection failed", path=scope["path"])
            if not is_closed:
                await send({"type": "websocket.close", "code": SERVER_FAULT})
