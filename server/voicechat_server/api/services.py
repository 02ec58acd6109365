"""What every route works with, built once per app."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from voicechat_server.api.connections import Connections
from voicechat_server.asr.engine import Engine
from voicechat_server.chat.service import ChatService
from voicechat_server.identity.authority import Authority
from voicechat_server.metrics import Metrics
from voicechat_server.settings.model import Settings


@dataclass(frozen=True)
class Services:
    """The parts an app is made of.

    Attributes:
        settings: The settings of the server.
        engine: The recogniser.
        chat: The chats.
        metrics: The metrics.
        connections: The open WebSockets.
        authority: Knows people by their tokens; None where nobody is asked who they are.
        long_answers: Held while building a potentially long answer, so that they are built one at a time.
        started_at: `time.monotonic()` at the start.
    """

    settings: Settings
    engine: Engine
    chat: ChatService
    metrics: Metrics
    connections: Connections
    authority: Authority | None = None
    long_answers: asyncio.Lock = field(default_factory=asyncio.Lock)
    started_at: float = field(default_factory=time.monotonic)


def services_of(connection: HTTPConnection) -> Services:
    """Return the services of the app that serves this request or socket."""
    return cast("Services", connection.app.state.services)


ServicesDep = Annotated[Services, Depends(services_of)]
