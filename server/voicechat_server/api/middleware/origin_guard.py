"""Keeps web pages of other origins from using the server through their visitors' browsers."""

import re

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.api.errors import answer

SHOWN_CHARACTERS = 100
READING = ("GET", "HEAD")

log = structlog.stdlib.get_logger(__name__)


class OriginGuard:
    """Middleware that refuses WebSockets, and requests that change something, from pages that aren't allowed.

    A browser sends the page's origin with each of these. A request without one isn't from a page, and passes.
    Pages that only read get an answer that the browser won't show them, which is all that CORS can do.

    Args:
        app: The app behind it.
        allowed: Every `Origin` that may pass, as a regular expression.
    """

    def __init__(self, app: ASGIApp, allowed: str) -> None:
        self._app = app
        self._allowed = re.compile(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket, or refuse it."""
        if scope["type"] == "websocket" or (scope["type"] == "http" and scope["method"] not in READING):
            origin = Headers(scope=scope).get("origin")
            if origin is not None and not self._allowed.fullmatch(origin):
                shown = origin[:SHOWN_CHARACTERS]
                log.warning("a page of another origin was refused", origin=shown, path=scope["path"])
                await answer(_refusal(shown), scope, receive, send)
                return
        await self._app(scope, receive, send)


def _refusal(origin: str) -> VoicechatError:
    return VoicechatError(
        ErrorCode.ORIGIN_NOT_ALLOWED,
        f"Pages of {origin} may not use this server.",
        f"If they should, start the server with VOICECHAT_CORS_ORIGINS={origin} or --cors-origins; "
        "several are separated by commas.",
    )
