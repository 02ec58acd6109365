"""What every route works with, built once for each app."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from voicechat_server.api.connections import Connections
from voicechat_server.asr.engine import Engine
from voicechat_server.chat.service import ChatService
from voicechat_server.metrics import Metrics
from voicechat_server.settings import Settings


@dataclass(frozen=True)
class Services:
    """The parts an app is made of.

    Attributes:
        settings: What the server was told at its start.
        engine: The recogniser.
        chat: The chats.
        metrics: What is counted.
        connections: The WebSockets that are open.
        long_answers: Held while an answer is made that may be long: one at a time, and others in between.
        started_at: `time.monotonic()` at the start.
    """

    settings: Settings
    engine: Engine
    chat: ChatService
    metrics: Metrics
    connections: Connections
    long_answers: asyncio.Lock = field(default_factory=asyncio.Lock)
    started_at: float = field(default_factory=time.monotonic)


def services_of(connection: HTTPConnection) -> Services:
    """Return the services of the app that serves this request or socket."""
    return cast("Services", connection.app.state.services)


ServicesDep = Annotated[Services, Depends(services_of)]
