"""One voice: from opening the microphone to delivering the last words."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from voicechat_tui.ui.backend.chat_session import EVENTS_AHEAD
from voicechat_tui.ui.backend.sound import Voice
from voicechat_tui.voice.events import VoiceEvent


class VoiceSession:
    """A voice that lasts until it is left and all speech is delivered or given up.

    Args:
        make: Makes the voice, once the microphone is free.
        microphone: Held as long as the microphone is.

    Attributes:
        voice: The voice, while it has the microphone.
        unheard_ms: What was still to be delivered when the app ended, and did not reach the server.
    """

    def __init__(self, make: Callable[[], Voice], microphone: asyncio.Lock) -> None:
        self.voice: Voice | None = None
        self.unheard_ms = 0
        self._make = make
        self._microphone = microphone
        self._left = asyncio.Event()
        self._slots = asyncio.Semaphore(EVENTS_AHEAD)

    def leave(self) -> None:
        """Release the microphone for the next voice."""
        if self.voice is not None:
            self.voice.close()
            self.voice = None
        self._left.set()

    async def run(self, entered: Callable[[Voice], object], emit: Callable[[VoiceEvent], object]) -> None:
        """Run, and report events, at most `EVENTS_AHEAD` ahead of the consumer.

        Args:
            entered: Called with the voice once it has the microphone.
            emit: Called with each event; the consumer calls `taken` for each.
        """
        async with AsyncExitStack() as microphone:
            await microphone.enter_async_context(self._microphone)
            if self._left.is_set():
                return
            voice = self._make()
            try:
                async with voice:
                    if not self._left.is_set():
                        self.voice = voice
                        entered(voice)
                    await self._deliver(voice, microphone, emit)
            finally:
                self.voice = None
                self.unheard_ms = voice.unheard_ms

    def taken(self) -> None:
        """Note that an event was consumed."""
        self._slots.release()

    async def _deliver(
        self, voice: Voice, microphone: AsyncExitStack, emit: Callable[[VoiceEvent], object]
    ) -> None:
        leaving = asyncio.create_task(self._put_down(voice, microphone), name="putting the microphone down")
        try:
            async for event in voice.events():
                await self._slots.acquire()
                emit(event)
        finally:
            leaving.cancel()
            await asyncio.wait({leaving})
        if not leaving.cancelled():
            leaving.result()

    async def _put_down(self, voice: Voice, microphone: AsyncExitStack) -> None:
        await self._left.wait()
        await voice.put_down()
        await microphone.aclose()
