"""One talk: from the moment somebody starts talking to the last word the server recognises."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from voicechat_common.audio import milliseconds
from voicechat_common.errors import VoicechatError
from voicechat_common.protocol.speech import Ack, Done, Start
from voicechat_tui.client.speech.client import SpeechClient
from voicechat_tui.sources.base import AudioSource
from voicechat_tui.voice.events import JournalStopped, TalkEnded, TalkHeard, TalkStarted, VoiceEvent
from voicechat_tui.voice.record import Recorder

Tell = Callable[[VoiceEvent], Awaitable[None]]


class Talk:
    """Sends what a microphone delivers to a separate stream.

    Args:
        number: Its number.
        client: The stream, not entered yet.
        start: How it is opened.
        recorder: Where the talk is kept.
        tell: Called with its events.

    Attributes:
        is_over: Set to say that the talk is over, even if nothing of it was heard yet.
    """

    def __init__(
        self, number: int, client: SpeechClient, start: Start, recorder: Recorder, tell: Tell
    ) -> None:
        self._number = number
        self._client = client
        self._start = start
        self._recorder = recorder
        self._tell = tell
        self._received = 0
        self.is_over = False

    @property
    def unheard_ms(self) -> int:
        """Speech that the server is not known to have received."""
        return milliseconds(self._client.position - self._received, self._start.sample_rate)

    async def run(self, source: AudioSource, microphone: asyncio.Lock) -> None:
        """Run the talk to its end.

        Args:
            source: What is said.
            microphone: Held while the source is used: it can serve one talk at a time.
        """
        await self._tell(TalkStarted(self._number, self._start))
        error: VoicechatError | None = None
        await self._recorder.begin()
        try:
            await self._stream(source, microphone)
        except VoicechatError as problem:
            error = problem
        finally:
            await self._recorder.close()
        await self._tell_problem()
        await self._tell(TalkEnded(self._number, error, self.unheard_ms))

    async def _stream(self, source: AudioSource, microphone: asyncio.Lock) -> None:
        async with self._client:
            feeding = asyncio.create_task(self._feed(source, microphone))
            try:
                async for event in self._client:
                    if isinstance(event, Ack | Done):
                        self._received = event.received_samples
                    await self._recorder.hear(event)
                    await self._tell(TalkHeard(self._number, event))
            finally:
                feeding.cancel()
                await asyncio.wait({feeding})
            if not feeding.cancelled():
                feeding.result()

    async def _feed(self, source: AudioSource, microphone: asyncio.Lock) -> None:
        try:
            async with microphone:
                if not self.is_over:
                    await self._send(source)
        finally:
            self._client.stop()

    async def _send(self, source: AudioSource) -> None:
        async with aclosing(source.packets()) as packets:
            async for packet in packets:
                if not len(packet):
                    self._client.flush()
                    continue
                await self._recorder.append(packet)
                await self._tell_problem()
                self._client.offer(packet)

    async def _tell_problem(self) -> None:
        problem = self._recorder.take_problem()
        if problem is not None:
            await self._tell(JournalStopped(self._number, problem))
