"""The object through which a person speaks: a microphone, and a stream of speech for each talk."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Self

from voicechat_common.protocol.speech import Start
from voicechat_tui.client.connection.event_queue import EventQueue
from voicechat_tui.client.speech.client import SpeechClient
from voicechat_tui.client.speech.policy import SpeechPolicy
from voicechat_tui.sources.microphone.microphone import Microphone
from voicechat_tui.voice.events import VoiceEvent
from voicechat_tui.voice.record import BeginRecord, Recorder
from voicechat_tui.voice.talk import Talk

LEAVES_WITHIN_S = 2.0
"""How long the last words may take when the program exits. The server keeps what it has received anyway."""
TAIL_WITHIN_S = 2.0
"""How long a microphone may take, when it is put down, to deliver what was said before: usually its
post-roll."""


class VoiceStream:
    """Talks, one after another; the next may begin while the words of the previous one are still coming.

    An async context manager. Its events must be read: if nobody takes them, no text is received either.

    Args:
        microphone: What is spoken into. It is entered and left with this object.
        url: The WebSocket URL of the server.
        policy: The limits of a stream. A talk that begins during an outage is kept as long as one that was
            interrupted by it.
        begin_record: Begins a record of each talk, which gets all audio before it is sent.

    Attributes:
        unheard_ms: Speech that the server is not known to have received when this was exited.
    """

    def __init__(
        self,
        microphone: Microphone,
        url: str,
        policy: SpeechPolicy | None = None,
        begin_record: BeginRecord | None = None,
    ) -> None:
        limits = policy or SpeechPolicy()
        self.microphone = microphone
        self._url = url
        self._policy = replace(limits, unreachable_s=max(limits.unreachable_s, limits.lost_s))
        self._begin_record = begin_record
        self._events = EventQueue[VoiceEvent]()
        self._listening: asyncio.Task[None] | None = None
        self._in_use = asyncio.Lock()
        self._talks: dict[asyncio.Task[None], Talk] = {}
        self._talk: Talk | None = None
        self._number = 0
        self._is_down = False
        self.unheard_ms = 0
        self._failure: BaseException | None = None

    async def __aenter__(self) -> Self:
        await self.microphone.__aenter__()
        self._listening = asyncio.create_task(self._listen(), name="microphone's events")
        self._listening.add_done_callback(self._notice_failure)
        return self

    async def __aexit__(self, *failure: object) -> None:
        self.close()
        talks = dict(self._talks)
        tasks = set(talks)
        try:
            if tasks:
                await asyncio.wait(tasks, timeout=LEAVES_WITHIN_S)
        finally:
            self.unheard_ms = sum(talk.unheard_ms for talk in talks.values())
        tasks |= {self._listening} if self._listening is not None else set()
        for task in tasks:
            task.cancel()
        await self.microphone.__aexit__(*failure)
        self._events.close()
        if tasks:
            await asyncio.wait(tasks)

    def open(self, start: Start) -> int:
        """Begin a talk, or continue the open one; return its number.

        Args:
            start: Who is talking, and into which chat. Its rate is the microphone's.
        """
        if self._talk is None:
            self._number += 1
            start = start.model_copy(update={"sample_rate": self.microphone.sample_rate})
            client = SpeechClient(self._url, start, self._policy)
            talk = Talk(self._number, client, start, Recorder(self._begin_record, start), self._events.put)
            task = asyncio.create_task(talk.run(self.microphone, self._in_use), name=f"talk {self._number}")
            self._talk = self._talks[task] = talk
            task.add_done_callback(self._ended)
        return self._number

    def close(self) -> None:
        """End the talk; its last words still come."""
        if self._talk is not None:
            self._talk.is_over = True
            self._talk = None
            self.microphone.hush()

    async def put_down(self) -> None:
        """Put the microphone down for good. What was said is still delivered; then the events end."""
        self.close()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(TAIL_WITHIN_S), self._in_use:
                    pass
            await self.microphone.__aexit__(None, None, None)
            if self._listening is not None:
                await asyncio.wait({self._listening})
        finally:
            self._is_down = True
            self._end_if_over()

    def mute(self, *, muted: bool = True) -> None:
        """Mute or unmute the microphone."""
        self.microphone.mute(muted=muted)

    async def events(self) -> AsyncIterator[VoiceEvent]:
        """Yield the events until this object is exited; for one reader."""
        while (event := await self._events.get()) is not None:
            yield event
        if self._failure is not None:
            raise self._failure

    async def _listen(self) -> None:
        async for event in self.microphone.events():
            await self._events.put(event)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if self._talks.pop(task) is self._talk:
            self._talk = None
        self._notice_failure(task)
        self._end_if_over()

    def _end_if_over(self) -> None:
        if self._is_down and not self._talks:
            self._events.close()

    def _notice_failure(self, task: asyncio.Task[None]) -> None:
        """Let a bug surface where the events are read."""
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failure = failure
            self._events.close()
