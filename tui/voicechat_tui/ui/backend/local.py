"""A backend that brings its own server: `voicechat-tui --local`, or when no server can be reached."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from voicechat_tui.local_server.server import LocalServer
from voicechat_tui.ui.backend.server import ServerBackend


class LocalBackend(ServerBackend):
    """A server with the demo model on this machine, started with the first call and ended with the app.

    Args:
        directory: Where the server keeps its chats and its log.
        started: Called with the server's address once it answers.
    """

    def __init__(self, directory: Path, started: Callable[[str], None]) -> None:
        super().__init__("")
        self._directory = directory
        self._started = started
        self._starting = asyncio.Lock()
        self._server: LocalServer | None = None

    async def prepare(self) -> None:
        """Start the server, unless it runs.

        Raises:
            VoicechatError: If it does not start.
        """
        async with self._starting:
            if self._server is None:
                server = LocalServer(self._directory)
                await server.__aenter__()
                self._server, self._url = server, server.url
                self._started(server.url)
        await super().prepare()

    async def aclose(self) -> None:
        """Close the connections, and end the server."""
        await super().aclose()
        if self._server is not None:
            await self._server.__aexit__(None, None, None)
