"""Servers for tests of the chat, which works whether or not there is a recogniser."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import httpx

from tests.support.forked import processes
from tests.support.server import LiveServer, demo_settings, free_port, serving
from tests.support.waiting import until
from voicechat_server.api.app import create_app
from voicechat_server.api.server import Server, bind
from voicechat_server.asr.engine import Engine


class IdleEngine(Engine):
    """A recogniser that is never started, so that no test of the chat waits for a model."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        pass


@contextmanager
def chat_serving(database: Path | str, **settings: object) -> Iterator[LiveServer]:
    """Run a chat server in this process while the context lasts."""
    chosen = demo_settings(database=str(database), **settings)
    with serving(chosen, wait_ready=False, engine=IdleEngine(chosen.engine_config())) as server:
        wait_until_up(server.http)
        yield server


def post(server: str, chat_id: str, user: str, content: str) -> httpx.Response:
    """Say something in a chat by HTTP."""
    body = {"user_id": user, "content": content}
    return httpx.post(f"{server}/chat/{chat_id}/messages", json=body, verify=False)  # noqa: S501 - no TLS here


class ChatProcess:
    """A chat server in a process of its own.

    Args:
        database: Where it keeps its chats.
        port: Where it listens; a free port unless given.
    """

    def __init__(self, database: Path | str, port: int | None = None) -> None:
        self.port = port or free_port()
        self._process = processes.Process(target=_serve, args=(self.port, str(database)))
        self._process.start()
        self.http = f"http://127.0.0.1:{self.port}"
        self.ws = f"ws://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        wait_until_up(self.http, self._process.is_alive)
        return self

    def __exit__(self, *failure: object) -> None:
        self.kill()

    def kill(self) -> None:
        """End it at once, as a crash does."""
        self._process.kill()
        self._process.join()


def wait_until_up(base: str, is_alive: Callable[[], bool] = lambda: True) -> None:
    """Wait until a server answers, as long as it lives."""

    def is_up() -> bool:
        try:
            httpx.get(f"{base}/health").raise_for_status()
        except httpx.TransportError:
            assert is_alive(), "the server has ended"
            return False
        return True

    until(is_up, lambda: f"{base} did not come up")


def _serve(port: int, database: str) -> None:
    """Serve until killed."""
    settings = demo_settings(database=database, log_level="error")
    server = Server(create_app(settings, IdleEngine(settings.engine_config())))
    server.run_until_signal(bind("127.0.0.1", port))
