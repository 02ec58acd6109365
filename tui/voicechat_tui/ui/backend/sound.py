"""What the app needs of this machine's microphones, and the real ones. Tests of screens bring doubles."""

from collections.abc import AsyncIterator
from typing import Protocol, Self

from voicechat_common.errors import VoicechatError
from voicechat_common.levels import Level
from voicechat_common.protocol.speech import Start
from voicechat_tui.client.connection.address import speech_url
from voicechat_tui.files import paths
from voicechat_tui.journal.store import Journal
from voicechat_tui.settings.model import Settings
from voicechat_tui.sources.microphone.devices import DeviceName, InputDevice
from voicechat_tui.sources.microphone.microphone import Microphone
from voicechat_tui.sources.microphone.policy import MicrophonePolicy
from voicechat_tui.sources.microphone.portaudio import SoundSystem
from voicechat_tui.sources.microphone.preview import PreviewMeter
from voicechat_tui.voice.events import VoiceEvent
from voicechat_tui.voice.stream import VoiceStream


class Voice(Protocol):
    """A microphone and what is said into it: `voice.stream.VoiceStream`, or what a test puts there.

    Attributes:
        unheard_ms: What had been said when it was left, and the server is not known to have received.
    """

    unheard_ms: int

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *failure: object) -> None: ...

    def open(self, start: Start) -> int:
        """Start a talk; return its number."""

    def close(self) -> None:
        """End the talk."""

    async def put_down(self) -> None:
        """Release the microphone for good; the events end when all speech is delivered or given up."""

    def mute(self, *, muted: bool) -> None:
        """Mute or unmute the microphone."""

    def events(self) -> AsyncIterator[VoiceEvent]:
        """Yield what happens."""


class Meter(Protocol):
    """The level of one microphone: `PreviewMeter`, or what a test puts there."""

    level: Level
    problem: VoicechatError | None

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *failure: object) -> None: ...


class Sound(Protocol):
    """The microphones of a machine."""

    def voice(self, settings: Settings) -> Voice:
        """Return a voice through the microphone of the settings, not yet entered."""

    async def devices(self) -> list[InputDevice]:
        """Return the microphones that are there.

        Raises:
            VoicechatError: If there is no way to get any.
        """

    def meter(self, device: InputDevice) -> Meter:
        """Return a meter for a microphone, not yet entered."""


class MachineSound:
    """The microphones of this machine."""

    def __init__(self) -> None:
        self._system = SoundSystem()

    def voice(self, settings: Settings) -> VoiceStream:
        """Return a voice through the microphone of the settings, not yet entered."""
        policy = MicrophonePolicy(warm=settings.warm_microphone, pre_roll_s=settings.pre_roll_ms / 1000)
        microphone = Microphone(self._system, wished(settings), policy)
        url = speech_url(settings.url)
        journal = Journal(paths.journal_dir(), settings.journal_max_mb)
        record = journal.recording(settings.url) if settings.journal else None
        return VoiceStream(microphone, url, settings.policy, record)

    async def devices(self) -> list[InputDevice]:
        """Return the microphones that are there."""
        return await self._system.devices()

    def meter(self, device: InputDevice) -> PreviewMeter:
        """Return a meter for a microphone, not yet entered."""
        return PreviewMeter(self._system, device)


def wished(settings: Settings) -> DeviceName | None:
    """Return the microphone of the settings; None for the system's default."""
    return DeviceName(settings.device, settings.host_api) if settings.device else None
