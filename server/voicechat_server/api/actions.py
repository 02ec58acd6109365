"""Which action each route and each message is. A test fails for one that is not here."""

from collections.abc import Iterable, Mapping

from starlette.routing import BaseRoute, Match, Mount, Route, WebSocketRoute
from starlette.types import Scope

from voicechat_common.protocol.chat import EndChat, SendMessage, Typing
from voicechat_common.protocol.speech import Flush, Ping, Start, Stop
from voicechat_server.identity.access import Action

SOCKET = "WEBSOCKET"
"""Stands for the method of a WebSocket's handshake."""

ROUTES: Mapping[tuple[str, str], Action] = {
    ("GET", "/"): Action.LOOK,
    ("GET", "/docs"): Action.LOOK,
    ("GET", "/redoc"): Action.LOOK,
    ("GET", "/openapi.json"): Action.LOOK,
    ("HEAD", "/openapi.json"): Action.LOOK,
    ("GET", "/health"): Action.LOOK,
    ("GET", "/ready"): Action.LOOK,
    ("GET", "/asr/info"): Action.LOOK,
    ("GET", "/metrics"): Action.METRICS,
    ("GET", "/auth/me"): Action.WHOAMI,
    ("POST", "/auth/redeem"): Action.REDEEM,
    ("GET", "/chat/list"): Action.LIST,
    ("POST", "/chat"): Action.CREATE,
    ("GET", "/chat/{chat_id}"): Action.READ,
    ("POST", "/chat/{chat_id}/messages"): Action.POST,
    ("GET", "/chat/{chat_id}/export"): Action.EXPORT,
    ("GET", "/chat/{chat_id}/members"): Action.MEMBERS,
    ("POST", "/chat/{chat_id}/members/add"): Action.ADMIT,
    ("POST", "/chat/{chat_id}/members/remove"): Action.ADMIT,
    ("POST", "/chat/{chat_id}/invitations"): Action.ADMIT,
    ("POST", "/chat/{chat_id}/owner"): Action.HAND_OVER,
    (SOCKET, "/chatting"): Action.READ,
    (SOCKET, "/ws"): Action.TRANSCRIBE,
}

CHAT_MESSAGES: Mapping[type, Action] = {
    SendMessage: Action.POST,
    Typing: Action.TYPE,
    EndChat: Action.END,
    Ping: Action.READ,
}

SPEECH_MESSAGES: Mapping[type, Action] = {
    Start: Action.TRANSCRIBE,
    Flush: Action.TRANSCRIBE,
    Stop: Action.TRANSCRIBE,
    Ping: Action.TRANSCRIBE,
}
"""A `Start` that names a chat or a stream is looked at again, as `speak` or `resume`."""


def action_of(routes: Iterable[BaseRoute], scope: Scope) -> Action | None:
    """Return what a request or a handshake is, or None if there is no such route.

    Raises:
        KeyError: The route is in no row of the table.
    """
    for route in routes:
        if route.matches(scope)[0] is not Match.FULL or isinstance(route, Mount):
            continue
        if isinstance(route, Route):
            return ROUTES[scope["method"], route.path]
        if isinstance(route, WebSocketRoute):
            return ROUTES[SOCKET, route.path]
    return None
