"""The live level of one microphone, for choosing or checking one."""

import asyncio
from contextlib import suppress
from typing import Self

from voicechat_common.audio import Downmixer, samples_of
from voicechat_common.errors import VoicechatError
from voicechat_common.levels import Level, LevelMeter
from voicechat_tui.sources.microphone import failures
from voicechat_tui.sources.microphone.devices import InputDevice
from voicechat_tui.sources.microphone.portaudio import SoundSystem

_QUEUE_S = 1.0


class PreviewMeter:
    """Listens to one microphone and keeps only its level. An async context manager.

    A microphone may not open twice: leave out the one that is already open, whose level is known.

    Args:
        sound: The machine's microphones.
        device: Which one.

    Attributes:
        device: Which one.
        level: How loud it is.
        problem: Why there is no level, once that is known.
        changed: Set on every change of either.
    """

    def __init__(self, sound: SoundSystem, device: InputDevice) -> None:
        self.device = device
        self.level = Level()
        self.problem: VoicechatError | None = None
        self.changed = asyncio.Event()
        self._sound = sound
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"level of {self.device.id}")
        return self

    async def __aexit__(self, *failure: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        try:
            await self._measure()
        except VoicechatError as error:
            self.problem = error
        self.changed.set()

    async def _measure(self) -> None:
        recording = await self._sound.open_in_any(self.device, _QUEUE_S)
        try:
            meter = LevelMeter(recording.format.rate)
            downmixer = Downmixer(recording.format.channels)
            while (block := await recording.read()) is not None:
                self.level = meter.push(downmixer.push(samples_of(block.pcm)))
                self.changed.set()
        finally:
            await recording.close()
        raise failures.lost(self.device.id.name)
