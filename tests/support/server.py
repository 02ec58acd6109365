"""A real server on a free port, in a thread of the test process, so that FunASR is imported only once."""

import asyncio
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from threading import Thread

import httpx

from tests.support.waiting import LOOKS_EVERY_S, WITHIN_S, until
from voicechat_server.api.app import create_app
from voicechat_server.api.server import Server, bind, reachable_address
from voicechat_server.asr.engine import Engine
from voicechat_server.settings.model import Settings


@dataclass(frozen=True)
class LiveServer:
    """A server that listens.

    Attributes:
        address: `host:port`.
        server: The running server, to look into and to end.
    """

    address: str
    server: Server

    @property
    def http(self) -> str:
        """The base of its HTTP addresses."""
        return f"http://{self.address}"

    @property
    def ws(self) -> str:
        """The base of its WebSocket addresses."""
        return f"ws://{self.address}"


@contextmanager
def serving(
    settings: Settings, *, wait_ready: bool = True, engine: Engine | None = None
) -> Iterator[LiveServer]:
    """Run a server while the context lasts; its settings' host and port are not used."""
    listener = bind("127.0.0.1", 0)
    address = reachable_address(listener)
    server = Server(create_app(settings, engine))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="live server")
    thread.start()
    try:
        # FastAPI prepares its routes at the first request that looks at them, and ignores warnings meanwhile,
        # which pytest would undo at the end of a test.
        httpx.get(f"http://{address}/nothing-here")
        if wait_ready:
            wait_until_ready(f"http://{address}")
        yield LiveServer(address, server)
    finally:
        server.should_exit = True
        thread.join(WITHIN_S)
        assert not thread.is_alive(), "the server did not end"


def wait_until_listening(base: str) -> None:
    """Ask a server that was just started until it answers anything."""

    def listens() -> bool:
        try:
            httpx.get(f"{base}/health")
        except httpx.TransportError:
            return False
        return True

    until(listens, lambda: f"nothing listens at {base}")


def wait_until_ready(base: str) -> None:
    """Ask `/ready` until it says so; a server that failed for good ends the wait with its reason."""

    def is_ready() -> bool:
        answer = http.get("/ready")
        assert answer.json()["state"] != "failed", answer.text
        return answer.status_code == HTTPStatus.OK

    # One client for all questions: to make one costs the server's processor more than to answer it.
    with httpx.Client(base_url=base) as http:
        until(is_ready, lambda: f"{base} did not get ready: {http.get('/ready').text}")


async def streams_now(server: LiveServer) -> int:
    """How many streams are open, those that wait for their client's return included."""
    async with httpx.AsyncClient(base_url=server.http) as http:
        count: int = (await http.get("/asr/info")).json()["streams_now"]
        return count


async def no_streams(server: LiveServer) -> None:
    """Wait until no stream is open."""
    async with httpx.AsyncClient(base_url=server.http) as http:
        while (await http.get("/asr/info")).json()["streams_now"]:  # noqa: ASYNC110
            await asyncio.sleep(LOOKS_EVERY_S)


def free_port() -> int:
    """A port nothing listens on now, nor will by chance: it is none of those that the system gives away."""
    while True:
        port = random.randrange(20_000, 32_000)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def demo_settings(**changes: object) -> Settings:
    """Settings of a server with the demo model, in fp32: its tokens are to equal FunASR's."""
    # A server that measured what it can carry while other tests compute would turn the next streams away.
    # Nor does a busy machine let a client send its first audio soon.
    usual = {
        "model": "demo",
        "precision": "fp32",
        "log_level": "warning",
        "max_streams": 100,
        "idle_timeout_s": 600,
    }
    return Settings.load({**usual, **changes})
