"""Microphones without sound: a test tells the app what they would."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Self

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.levels import Level
from voicechat_common.protocol.speech import Start
from voicechat_tui.settings.model import Settings
from voicechat_tui.sources.microphone.devices import DeviceName, InputDevice
from voicechat_tui.voice.events import TalkEnded, TalkStarted, VoiceEvent

HEADSET = InputDevice(DeviceName("USB Headset", "ALSA"), 1, channels=1, rate=48_000, is_default=True)
BUILT_IN = InputDevice(DeviceName("Built-in Audio", "ALSA"), 2, channels=2, rate=44_100)

NO_MICROPHONE = VoicechatError(
    ErrorCode.NO_MICROPHONE, "There is no microphone.", "Plug one in; it is found by itself."
)


class StagedVoice:
    """A voice whose events a test gives.

    Attributes:
        talks: How each talk was opened.
        is_open: Whether a talk goes on.
        is_muted: What was last told about muting.
        is_down: Whether the microphone was put down.
        is_delivering: Whether what was said is on its way until a test calls `end`.
        unheard_ms: What is lost if it is left.
    """

    def __init__(self) -> None:
        self.talks: list[Start] = []
        self.is_open = False
        self.is_muted = False
        self.is_down = False
        self.is_delivering = False
        self.unheard_ms = 0
        self._queue: asyncio.Queue[VoiceEvent | None] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        pass

    def open(self, start: Start) -> int:
        self.talks.append(start)
        self.is_open = True
        self.tell(TalkStarted(len(self.talks), start))
        return len(self.talks)

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            if not self.is_delivering:
                self.tell(TalkEnded(len(self.talks), None, 0))

    async def put_down(self) -> None:
        self.close()
        self.is_down = True
        if not self.is_delivering:
            self.end()

    def mute(self, *, muted: bool) -> None:
        self.is_muted = muted

    async def events(self) -> AsyncIterator[VoiceEvent]:
        while (event := await self._queue.get()) is not None:
            yield event

    def end(self) -> None:
        """Let nothing more happen."""
        self._queue.put_nowait(None)

    def tell(self, *events: VoiceEvent) -> None:
        """Let things happen."""
        for event in events:
            self._queue.put_nowait(event)


class StagedMeter:
    """A meter that stands still."""

    def __init__(self, level: Level) -> None:
        self.level = level
        self.problem: VoicechatError | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        pass


@dataclass
class StagedSound:
    """The microphones of a test.

    Attributes:
        found: The microphones; an error in their place is raised.
        voices: The voices that were given out.
    """

    found: list[InputDevice] | VoicechatError = field(default_factory=lambda: [HEADSET, BUILT_IN])
    voices: list[StagedVoice] = field(default_factory=list)

    def voice(self, settings: Settings) -> StagedVoice:
        self.voices.append(StagedVoice())
        return self.voices[-1]

    async def devices(self) -> list[InputDevice]:
        if isinstance(self.found, VoicechatError):
            raise self.found
        return self.found

    def meter(self, device: InputDevice) -> StagedMeter:
        return StagedMeter(Level(-18.0 if device is HEADSET else -60.0, -12.0))
