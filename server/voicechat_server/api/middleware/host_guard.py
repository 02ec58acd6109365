"""Guards against DNS rebinding: web pages reaching a local server under a name of their own."""

from collections.abc import Collection

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.addresses.hosts import is_own
from voicechat_server.api.errors import answer

SHOWN_CHARACTERS = 100

log = structlog.stdlib.get_logger(__name__)


class HostGuard:
    """Middleware that answers only requests whose `Host` is a name of this server.

    A page of `evil.example` may make that name resolve to 127.0.0.1. To the browser, the server then has the
    page's own origin, so that the page may read everything. The `Host` is still `evil.example`.

    Args:
        app: The app behind it.
        names: Names to answer to, besides those that always mean this machine.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket, or refuse it."""
        if scope["type"] in ("http", "websocket"):
            named = Headers(scope=scope).getlist("host")
            if len(named) != 1 or not is_own(named[0], self._names):
                shown = ", ".join(named)[:SHOWN_CHARACTERS]
                log.warning("a request for another host was refused", host=shown, path=scope["path"])
                await answer(_refusal(shown), scope, receive, send)
                return
        await self._app(scope, receive, send)


def _refusal(host: str) -> VoicechatError:
    return VoicechatError(
        ErrorCode.HOST_NOT_ALLOWED,
        f"This server listens for its own machine only, and does not answer to the host {host!r}.",
        "Ask for localhost; behind a proxy, start the server with the address that the proxy offers: "
        "--public-url https://HOST or VOICECHAT_PUBLIC_URL.",
    )
