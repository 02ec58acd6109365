"""Keeps a running server's authority up to date: keys that were rotated, tokens that were revoked."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Self

import structlog

from voicechat_common.errors import VoicechatError
from voicechat_server.identity.authority import Authority
from voicechat_server.identity.key_file import KeyFile

EVERY_S = 1.0
"""How long a revoked token may still be taken."""

log = structlog.stdlib.get_logger(__name__)


class Following:
    """Looks for changes once a second while it lasts. An async context manager.

    What can't be read stays as it was, and the log says so once.

    Args:
        authority: Is brought up to date.
        key_file: Where its keys come from.
        on_look: Called after each look.
        every_s: The time between two looks.
    """

    def __init__(
        self, authority: Authority, key_file: KeyFile, on_look: Callable[[], None], every_s: float = EVERY_S
    ) -> None:
        self._authority = authority
        self._key_file = key_file
        self._on_look = on_look
        self._every_s = every_s
        self._mark = key_file.mark()
        self._told: VoicechatError | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._authority.refresh()
        self._task = asyncio.create_task(self._run(), name="identity following")
        return self

    async def __aexit__(self, *failure: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self._look()
            except VoicechatError as failure:
                self._tell(failure)
            else:
                self._told = None
            self._on_look()

    async def _look(self) -> None:
        await self._authority.refresh()
        mark = await asyncio.to_thread(self._key_file.mark)
        if mark != self._mark:
            self._authority.keys = await asyncio.to_thread(self._key_file.load)
            self._mark = mark
            log.info("the keys were changed", keys=len(self._authority.keys.ring))

    def _tell(self, failure: VoicechatError) -> None:
        if self._told is None or self._told.message != failure.message:
            log.error("tokens can't be looked after", reason=failure.message, advice=failure.advice)
        self._told = failure
