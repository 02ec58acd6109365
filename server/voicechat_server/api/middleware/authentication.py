"""Finds out who makes a request, and refuses whom the route is not for, before the route sees anything."""

from collections.abc import Sequence

from starlette.datastructures import Headers, QueryParams
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from voicechat_common.errors import VoicechatError
from voicechat_server.api.actions import action_of
from voicechat_server.api.callers import IDENTITY, caller_of
from voicechat_server.api.errors import answer
from voicechat_server.identity.authority import Authority
from voicechat_server.identity.subprotocols import token_of

SCHEME = "bearer"
PARAMETER = "token"


class Authentication:
    """Middleware that recognises who presents a token.

    What anybody may do is done for a bad token too: it may be all that a client knows, and no reason not to
    tell it whether the server is up.

    Args:
        app: The app behind it.
        authority: Knows the tokens.
        routes: Every route there is.
    """

    def __init__(self, app: ASGIApp, authority: Authority, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._authority = authority
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket, or refuse it."""
        if scope["type"] in ("http", "websocket"):
            try:
                self._admit(scope)
            except VoicechatError as error:
                await answer(error, scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _admit(self, scope: Scope) -> None:
        action = action_of(self._routes, scope)
        if action is None:
            return
        unknown: VoicechatError | None = None
        if (text := presented(scope)) is not None:
            try:
                scope[IDENTITY] = self._authority.identify(text)
            except VoicechatError as error:
                unknown = error
        try:
            caller_of(HTTPConnection(scope)).check(action)
        except VoicechatError:
            if unknown is not None:
                raise unknown from None
            raise


def presented(scope: Scope) -> str | None:
    """Return the token that came with a request: in a header, as a subprotocol or in the address."""
    for value in Headers(scope=scope).getlist("authorization"):
        scheme, _, text = value.partition(" ")
        if scheme.lower() == SCHEME and text.strip():
            return text.strip()
    offered = token_of(scope.get("subprotocols", ()))
    return offered or QueryParams(scope["query_string"]).get(PARAMETER) or None
