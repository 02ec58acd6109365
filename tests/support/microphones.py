"""Microphones in software for the client in this process, and who listens to what they tell."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Generic, Self, TypeVar

import psutil
import pytest

from tests.support.null_sink import NullSink, null_sinks
from tests.support.waiting import WITHIN_S
from voicechat_tui.sources.microphone.portaudio import SoundSystem

EventT = TypeVar("EventT")
KindT = TypeVar("KindT")


@contextmanager
def variables(environment: dict[str, str]) -> Iterator[None]:
    """Set variables of this process while the context lasts."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield


@asynccontextmanager
async def plugged_in(*names: str) -> AsyncIterator[tuple[SoundSystem, list[NullSink]]]:
    """Let this process find these microphones; the first is the default."""
    with null_sinks(*names) as sinks, variables(sinks[0].environment):
        yield SoundSystem(), sinks


def recorders() -> list[int]:
    """The processes of this one that record from a microphone and have not been seen to end."""
    return [
        process.pid
        for process in psutil.process_iter(["ppid", "cmdline"])
        if process.info["ppid"] == os.getpid() and '"do": "record"' in str(process.info["cmdline"])
    ]


class Listener(Generic[EventT]):
    """Listens to events as long as the context lasts, and keeps them all.

    Args:
        events: The events.

    Attributes:
        told: Those that have come.
    """

    def __init__(self, events: AsyncIterator[EventT]) -> None:
        self.told: list[EventT] = []
        self._events = events
        self._came = asyncio.Event()
        self._looked_at = 0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *failure: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            if not self._task.cancelled():
                self._task.result()

    async def expect(self, kind: type[KindT]) -> KindT:
        """Return the next event of a kind, passing over others; each is returned once."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                while self._looked_at < len(self.told):
                    event = self.told[self._looked_at]
                    self._looked_at += 1
                    if isinstance(event, kind):
                        return event
                self._came.clear()
                await self._came.wait()

    async def until_end(self) -> None:
        """Wait until nothing more can come."""
        if self._task is not None:
            async with asyncio.timeout(WITHIN_S):
                await asyncio.wait({self._task})

    def of(self, kind: type[KindT]) -> list[KindT]:
        """All events of a kind that have come."""
        return [event for event in self.told if isinstance(event, kind)]

    async def _listen(self) -> None:
        async for event in self._events:
            self.told.append(event)
            self._came.set()
