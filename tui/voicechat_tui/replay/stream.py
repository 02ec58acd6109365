"""The life of one stream: one side sends, the other listens, until the stream is done."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing

from voicechat_common.audio import Samples, milliseconds
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.speech import Done, Error, Final, Partial, Ready
from voicechat_tui.client.connection.state import LinkState
from voicechat_tui.client.speech.client import SpeechClient
from voicechat_tui.client.speech.events import AudioLost, Event
from voicechat_tui.console.interrupt import Interrupt
from voicechat_tui.replay.listeners import Listener
from voicechat_tui.replay.timing import Receipt, Timing
from voicechat_tui.sources.pacing import Clock, paced

_WRONG_FORM = frozenset({ErrorCode.EIGHT_BIT, ErrorCode.WRONG_FORM, ErrorCode.WRONG_RATE})
_NOT_CONNECTED = frozenset({LinkState.IDLE, LinkState.CONNECTING, LinkState.OPENING, LinkState.WAITING})


class StreamRun:
    """One stream from its first attempt to its receipt.

    Args:
        client: The stream, not entered yet.
        sample_rate: Its samples per second.
        listeners: What handles the events.
        clock: The clock to go by.
        interrupt: May end it early.

    Attributes:
        ready: Set once the server is ready.
        changed: Set on every event, for whoever waits for one.
        ended: True once no more events will come.
        timing: What was measured.
        is_misread: Whether the server found that the audio is not in the format it was sent as.
    """

    def __init__(
        self,
        client: SpeechClient,
        sample_rate: int,
        listeners: Sequence[Listener],
        clock: Clock,
        interrupt: Interrupt,
    ) -> None:
        self.client = client
        self.ready = asyncio.Event()
        self.changed = asyncio.Event()
        self.ended = False
        self.timing = Timing()
        self.is_misread = False
        self._rate = sample_rate
        self._listeners = listeners
        self._clock = clock
        self._interrupt = interrupt
        self._receipt: Receipt | None = None

    async def run(self, act: Callable[[], Awaitable[None]]) -> Receipt | None:
        """Let `act` send, and listen until the stream is done.

        Args:
            act: Sends. When it returns, fails or is cancelled by Ctrl+C, the stream is stopped; its finals
                still come.

        Returns:
            The receipt, or None if there was no `done`.

        Raises:
            VoicechatError: If the stream was abandoned, or `act` failed.
        """
        async with self.client:
            acting = asyncio.create_task(self._act(act))
            stopping = asyncio.create_task(self._stop_when_asked(acting))
            try:
                async for event in self.client:
                    await self._take(event)
                self.ended = True
                self.changed.set()
                await asyncio.wait({acting})
            finally:
                acting.cancel()
                stopping.cancel()
                await asyncio.wait({acting, stopping})
            if not acting.cancelled():
                acting.result()
        return self._receipt

    async def feed(self, packets: AsyncGenerator[Samples, None], speed: float) -> None:
        """Send audio.

        Args:
            packets: The audio, at the stream's rate. Closed at the end.
            speed: How many times faster than real time; infinite for as fast as it is available.
        """
        self.timing.begin(self._clock.now())
        async with (
            aclosing(packets),
            aclosing(paced(packets, self._rate, speed, self._clock)) as in_time,
        ):
            async for packet in in_time:
                if not await self.client.send(packet):
                    return
                self.timing.sent(milliseconds(self.client.position, self._rate), self._clock.now())

    async def _act(self, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        finally:
            self.client.stop()

    async def _stop_when_asked(self, acting: asyncio.Task[None]) -> None:
        await self._interrupt.asked.wait()
        acting.cancel()
        if self.client.state in _NOT_CONNECTED:
            self._interrupt.quit()

    async def _take(self, event: Event) -> None:
        now = self._clock.now()
        match event:
            case Ready():
                self.ready.set()
            case Partial() | Final():
                self.timing.text(event, now)
            case AudioLost():
                self.timing.lost(event.ms)
            case Error():
                self.is_misread = self.is_misread or event.code in _WRONG_FORM
            case Done():
                self._receipt = self.timing.receipt(event, now)
        for listener in self._listeners:
            await listener.hear(event)
        self.changed.set()
