"""Keeping a talk on disk while it is spoken, without the event loop waiting for the disk."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from voicechat_common.audio import Samples
from voicechat_common.errors import VoicechatError
from voicechat_common.protocol.speech import Start
from voicechat_tui.client.speech.events import Event


class TalkRecord(Protocol):
    """Where a talk is kept. Only starting it may raise; anything that goes wrong later is its `problem`."""

    @property
    def problem(self) -> VoicechatError | None:
        """Why the talk is no longer kept."""

    def append(self, samples: Samples) -> None:
        """Keep the next audio of the talk."""

    def hear(self, event: Event) -> None:
        """Note what the server has taken responsibility for."""

    def close(self) -> None:
        """End the record."""


BeginRecord = Callable[[Start], TalkRecord]
"""Begins the record of a talk, or raises a `VoicechatError` if there can be none."""


class Recorder:
    """The record of one talk, for the event loop: its calls run in another thread, one after another.

    Args:
        begin: Begins the record; None for no record.
        start: Who is talking, and into which chat.
    """

    def __init__(self, begin: BeginRecord | None, start: Start) -> None:
        self._begin = begin
        self._start = start
        self._record: TalkRecord | None = None
        self._problem: VoicechatError | None = None
        self._in_use = asyncio.Lock()

    async def begin(self) -> None:
        """Begin the record."""
        begin = self._begin
        if begin is None:
            return
        try:
            self._record = await asyncio.to_thread(begin, self._start)
        except VoicechatError as error:
            self._problem = error

    async def append(self, samples: Samples) -> None:
        """Keep the next audio of the talk; on return it is kept, or `take_problem` says why not."""
        await self._call(lambda record: record.append(samples))

    async def hear(self, event: Event) -> None:
        """Note what the server has taken responsibility for."""
        await self._call(lambda record: record.hear(event))

    async def close(self) -> None:
        """End the record."""
        await self._call(lambda record: record.close())

    def take_problem(self) -> VoicechatError | None:
        """Return, once, why the talk is no longer kept."""
        problem, self._problem = self._problem, None
        return problem

    async def _call(self, use: Callable[[TalkRecord], None]) -> None:
        record = self._record
        if record is None:
            return
        async with self._in_use:
            before = record.problem
            await asyncio.to_thread(use, record)
            if before is None:
                self._problem = record.problem
