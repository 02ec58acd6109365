"""The FastAPI app: its parts, its lifespan, its routes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi_offline import FastAPIOffline
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from voicechat_common import __version__
from voicechat_server.addresses import hosts, public_address
from voicechat_server.addresses.origins import pattern
from voicechat_server.api import errors
from voicechat_server.api.chat import chat_http, chat_ws, members_http
from voicechat_server.api.connections import Connections
from voicechat_server.api.identity import identity_http
from voicechat_server.api.info import docs_pages, monitoring, server_info
from voicechat_server.api.middleware.authentication import Authentication
from voicechat_server.api.middleware.body_limit import BodyLimit
from voicechat_server.api.middleware.host_guard import HostGuard
from voicechat_server.api.middleware.origin_guard import OriginGuard
from voicechat_server.api.middleware.public_path import PublicPath
from voicechat_server.api.middleware.request_scope import HEADER, RequestScope
from voicechat_server.api.services import Services
from voicechat_server.api.sockets import unknown_socket
from voicechat_server.api.speech import speech_ws
from voicechat_server.asr.engine import Engine
from voicechat_server.chat.service import ChatService
from voicechat_server.chat.storage.store import Store
from voicechat_server.identity.authority import Authority
from voicechat_server.identity.following import Following
from voicechat_server.identity.key_file import KeyFile
from voicechat_server.identity.registry import Registry
from voicechat_server.logs.flood import reporting
from voicechat_server.metrics import Metrics
from voicechat_server.settings.model import Settings

DESCRIPTION = """
Speak, and your words appear while you are still speaking.

Audio goes over the WebSocket **`/ws`**: send 16-bit little-endian mono samples at 16 kHz as binary frames,
then the text `{"type": "stop"}`. `partial` messages carry the text as it grows, `final` each segment's final
text, and `done` accounts for every sample. `/ws?format=text` sends bare text instead.
The whole protocol is described in `docs/protocol.md`.

People talk over the WebSocket **`/chatting?id=CHAT&user=USER`**, and scripts with the calls below: every
message is stored before it is acknowledged, and what is spoken into a chat appears in it. See
`docs/chat.md`.
"""


ROUTERS = (
    docs_pages.router,
    server_info.router,
    monitoring.router,
    identity_http.router,
    speech_ws.router,
    chat_http.router,
    members_http.router,
    chat_ws.router,
)


def create_app(settings: Settings, engine: Engine | None = None) -> FastAPI:
    """Return an app that owns everything it works with; a process can have any number of them.

    Args:
        settings: The settings of the server.
        engine: The recogniser; made from the settings unless given. It starts and stops with the app.
    """
    metrics = Metrics()
    authority = (
        Authority(KeyFile(settings.key_file).load_or_create()[0], Registry(settings.database))
        if settings.auth == "token"
        else None
    )
    services = Services(
        settings=settings,
        engine=engine or Engine(settings.engine_config(), metrics),
        chat=ChatService(
            Store(settings.database, settings.min_free_mb * 10**6),
            settings.max_waiting_messages,
            observer=metrics,
        ),
        metrics=metrics,
        connections=Connections(settings.max_sockets_per_address),
        authority=authority,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # The engine stops first, so that the last finals still reach their chats.
        async with reporting(), _knowing_people(services), services.chat, services.engine:
            yield

    app = FastAPIOffline(
        title="voicechat",
        version=__version__,
        summary="Streaming speech recognition for chats.",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # Absolute redirects lead nowhere behind a proxy; `errors` sends relative ones.
        redirect_slashes=False,
    )
    app.state.services = services
    _add_middleware(app, settings, authority)
    errors.install(app)
    unknown_socket.install(app)
    for router in ROUTERS:
        app.include_router(router)
    return app


def routes_of(app: FastAPI) -> list[BaseRoute]:
    """Return every route of an app; in FastAPI's own list, those of a router are hidden behind it."""
    own = [route for route in app.routes if isinstance(route, Route | WebSocketRoute | Mount)]
    return [*own, *(route for router in ROUTERS for route in router.routes)]


@asynccontextmanager
async def _knowing_people(services: Services) -> AsyncIterator[None]:
    """Follow who was given a token and who lost it, where tokens are asked for."""
    authority = services.authority
    if authority is None:
        yield
        return

    def dismiss_ended() -> None:
        services.connections.dismiss_ended(authority.ended)

    async with authority.registry, Following(authority, KeyFile(services.settings.key_file), dismiss_ended):
        yield


def _add_middleware(app: FastAPI, settings: Settings, authority: Authority | None) -> None:
    """Wrap the app in its middleware; the last one added is the outermost."""
    allowed_origins = pattern((*settings.cors_origins, *public_address.origins(settings.public_url)))
    app.add_middleware(BodyLimit)
    if authority is not None:
        app.add_middleware(Authentication, authority=authority, routes=routes_of(app))
    app.add_middleware(
        CORSMiddleware,
        allow_origin_regex=allowed_origins,
        allow_methods=("GET", "POST"),
        allow_headers=("Authorization", "Content-Type"),
        expose_headers=("Location", "Retry-After", HEADER),
    )
    app.add_middleware(OriginGuard, allowed=allowed_origins)
    if hosts.is_loopback(settings.host):
        names = {settings.host.lower(), *public_address.hosts(settings.public_url)}
        app.add_middleware(HostGuard, names=names)
    app.add_middleware(RequestScope)
    if prefix := public_address.path(settings.public_url):
        app.add_middleware(PublicPath, prefix=prefix)
