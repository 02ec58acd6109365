"""The server's paths, and the errors for requests to any other."""

from collections.abc import Iterator
from difflib import get_close_matches
from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute, Match, Mount

from voicechat_common.errors import ErrorCode, VoicechatError

ENDPOINTS = {
    "/": "this page",
    "/docs": "every HTTP call, to read and to try",
    "/health": "whether the server lives",
    "/ready": "whether audio would be recognised now",
    "/asr/info": "how audio is recognised and what to send",
    "/metrics": "what the server counts of its work, for Prometheus",
    "/ws": "WebSocket: audio in, text out",
    "/auth/me": "who the server takes you for",
    "/auth/redeem": "make a token of an invitation",
    "/chat/list": "the chats a person takes part in",
    "/chat": "create a chat; below it are its messages and its export",
    "/chatting": "WebSocket: messages of a chat, live and from its history",
}

_PAGES = ("/redoc", "/openapi.json")
_SHOWN_CHARACTERS = 100
_LIST = "GET / lists the paths of this server, and /docs explains them."


def shown(path: str) -> str:
    """Return a path, percent-encoded and cut to what fits into a message."""
    cut = path[:_SHOWN_CHARACTERS]
    return quote(cut, safe="/:@!$&'()*+,;=~") + ("…" if cut != path else "")


def no_page(request: HTTPConnection) -> VoicechatError:
    """Return the error for an HTTP request to a path that doesn't exist."""
    path = request.url.path
    if _is_socket(request):
        address = request.url.replace(scheme="wss" if request.url.is_secure else "ws", query="")
        return VoicechatError(
            ErrorCode.UPGRADE_REQUIRED,
            f"{shown(path)} is a WebSocket, and this was a plain HTTP request.",
            f"Connect with a WebSocket client, such as: wscat -c {address}",
        )
    return VoicechatError(
        ErrorCode.NOT_FOUND, f"There is nothing at {shown(path)}.", f"{_meant(request, path)}{_LIST}"
    )


def no_socket(connection: HTTPConnection) -> VoicechatError:
    """Return the error for a WebSocket at a path that doesn't exist."""
    root, asked = connection.scope["root_path"], connection.url.path
    # The right paths come first, as the reason of a close frame is truncated.
    return VoicechatError(
        ErrorCode.NOT_FOUND,
        f"WebSockets are at {root}/ws (audio) and {root}/chatting (chats), not at {shown(asked)}.",
        f"Connect to {root}/ws, or to {root}/chatting?id=CHAT&user=USER.",
    )


def without_slash(request: HTTPConnection) -> str | None:
    """Return the relative address of the page without the trailing slash, if there is one."""
    asked: str = request.scope["path"]
    scope = {**request.scope, "path": asked.removesuffix("/")}
    if not asked.endswith("/") or all(route.matches(scope)[0] is Match.NONE for route in _routes(request)):
        return None
    query = f"?{request.url.query}" if request.url.query else ""
    return f"../{quote(asked.split('/')[-2])}{query}"


def _meant(request: HTTPConnection, path: str) -> str:
    known = [*ENDPOINTS, *_PAGES, *request.app.openapi()["paths"]]
    for each in known:
        if each != "/" and path.endswith(each):
            prefix = shown(path.removesuffix(each))
            option = f"--public-url https://HOST{prefix}"
            return f"If a proxy offers the server under {prefix}, start it with {option}. "
    near = get_close_matches(path[:_SHOWN_CHARACTERS].lower(), known, n=1)
    return f"Did you mean {near[0]}? " if near else ""


def _is_socket(request: HTTPConnection) -> bool:
    as_socket = {**request.scope, "type": "websocket"}
    return any(route.matches(as_socket)[0] is Match.FULL for route in _routes(request))


def _routes(request: HTTPConnection) -> Iterator[BaseRoute]:
    """Yield the routes of calls and sockets; mounts take whatever is below them."""
    return (route for route in request.app.routes if not isinstance(route, Mount))
