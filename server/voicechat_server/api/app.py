"""The FastAPI app: its parts, its lifespan, its routes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from voicechat_common import __version__
from voicechat_server.api import errors, http, speech_ws
from voicechat_server.api.services import Services
from voicechat_server.asr.engine import Engine
from voicechat_server.settings import Settings

DESCRIPTION = """
Speak, and your words appear while you are still speaking.

Audio goes over the WebSocket **`/ws`**: send 16-bit little-endian mono samples at 16 kHz as binary frames,
then the text `{"type": "stop"}`. `partial` messages tell the text as it grows, `final` each segment's text
for the last time, `done` accounts for every sample. `/ws?format=text` sends bare text instead.
The whole protocol stands in `docs/protocol.md`.
"""


def create_app(settings: Settings, engine: Engine | None = None) -> FastAPI:
    """Return an app that owns everything it works with; there may be as many as one likes.

    Args:
        settings: What the server is told.
        engine: The recogniser; one is made from the settings unless given. It starts and ends with the app.
    """
    services = Services(settings=settings, engine=engine or Engine(settings.engine_config()))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with services.engine:
            yield

    app = FastAPIOffline(
        title="voicechat",
        version=__version__,
        summary="Streaming speech recognition for chats.",
        description=DESCRIPTION,
        lifespan=lifespan,
    )
    app.state.services = services
    errors.install(app)
    app.include_router(http.router)
    app.include_router(speech_ws.router)
    return app
