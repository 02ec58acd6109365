"""Asking the server for the chats, again and again, sooner if somebody wants it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from textual.message import Message

from voicechat_common.errors import VoicechatError
from voicechat_tui.ui.backend import Backend
from voicechat_tui.ui.messages import ChatsListed, ChatsUnreachable

EVERY_S = 4.0
"""How old the list of chats may be. One small call per person in this time costs a server little."""
LONGEST_S = 8.0
"""The longest delay between attempts, the same as for a chat."""


class Directory:
    """The list of chats, kept up to date.

    Args:
        backend: Whom to ask.
        user: Whose chats.
    """

    def __init__(self, backend: Backend, user: str) -> None:
        self._backend = backend
        self._user = user
        self._now = asyncio.Event()

    def ask_now(self) -> None:
        """Don't wait for the next time."""
        self._now.set()

    async def run(self, tell: Callable[[Message], object]) -> None:
        """Ask for ever, and tell what came."""
        failures = 0
        while True:
            try:
                await self._backend.prepare()
                chats = await self._backend.chats(self._user)
            except VoicechatError as error:
                delay = min(error.retry_after_s or 2.0**failures, LONGEST_S)
                failures += 1
                tell(ChatsUnreachable(error, delay))
            else:
                delay = EVERY_S
                failures = 0
                tell(ChatsListed(chats))
            await self._pause(delay)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._now.wait()
        self._now.clear()
