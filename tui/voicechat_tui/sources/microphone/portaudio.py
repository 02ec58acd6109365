"""PortAudio through sounddevice: the only place that knows either."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from voicechat_tui.sources.microphone import failures
from voicechat_tui.sources.microphone.audio_thread import AudioThread
from voicechat_tui.sources.microphone.devices import DeviceName, Format, InputDevice
from voicechat_tui.sources.microphone.failures import Refusal
from voicechat_tui.sources.microphone.surroundings import Surroundings, look_around

BLOCKS_PER_S = 50

_ANSWERS_WITHIN_S = 10.0
_CLOSES_WITHIN_S = 2.0
"""Nobody wants to wait for this when the program ends."""

T = TypeVar("T")


class BlockTaker(Protocol):
    """Takes what a stream delivers, in PortAudio's own thread: it must neither wait nor fail."""

    def put(self, block: bytes, *, overflowed: bool) -> None:
        """Take interleaved 16-bit samples; `overflowed` says that some before them were lost."""
        ...

    def end(self) -> None:
        """Hear that nothing more comes: the stream was closed or has failed."""
        ...


@dataclass(frozen=True)
class OpenStream:
    """A microphone that is open.

    Attributes:
        device: The microphone.
        format: How it was opened.
    """

    device: InputDevice
    format: Format
    raw: Any


class RefusedError(Exception):
    """PortAudio did not do what it was asked.

    Args:
        refusal: What it answered.
    """

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


class SoundSystem:
    """The microphones of this machine. One for the whole process, as PortAudio is.

    Args:
        here: Where the client runs; found out unless given.
    """

    def __init__(self, here: Surroundings | None = None) -> None:
        self.here = here or look_around()
        self._thread = AudioThread()
        self._open: list[OpenStream] = []

    async def devices(self) -> list[InputDevice]:
        """Return the microphones that were there when PortAudio was initialised.

        Raises:
            VoicechatError: `no_portaudio`, or `microphone_failed` if it does not work.
        """
        return await self._call(list_devices)

    async def refresh(self) -> list[InputDevice]:
        """Return the microphones that are there now. PortAudio starts anew for it: every open stream ends."""
        return await self._call(self._refresh)

    async def check(self, device: InputDevice, wanted: Format) -> Refusal | None:
        """Return why a microphone would not open in a format, or None if it would."""
        return await self._call(lambda sound: refusal_of(sound, device, wanted))

    async def open(self, device: InputDevice, wanted: Format, taker: BlockTaker) -> OpenStream:
        """Open a microphone and let it run.

        Raises:
            RefusedError: If it does not open.
        """
        return await self._call(lambda sound: self._start(sound, device, wanted, taker), self._close)

    async def close(self, stream: OpenStream) -> None:
        """Close a stream; nothing happens if it is closed already."""
        await self._thread.call(lambda: self._close(stream), _CLOSES_WITHIN_S)

    async def _call(self, function: Callable[[Any], T], undo: Callable[[T], None] | None = None) -> T:
        return await self._thread.call(lambda: function(load(self.here)), _ANSWERS_WITHIN_S, undo)

    def _start(self, sound: Any, device: InputDevice, wanted: Format, taker: BlockTaker) -> OpenStream:
        def callback(data: Any, _frames: int, _time: object, status: Any) -> None:
            taker.put(bytes(data), overflowed=bool(status.input_overflow))

        try:
            raw = sound.RawInputStream(
                device=device.index,
                samplerate=wanted.rate,
                channels=wanted.channels,
                blocksize=wanted.rate // BLOCKS_PER_S,
                dtype="int16",
                # Dither would turn the zeros of a forbidden microphone into noise.
                dither_off=True,
                callback=callback,
                finished_callback=taker.end,
            )
        except sound.PortAudioError as error:
            raise RefusedError(_refusal(error)) from error
        stream = OpenStream(device, wanted, raw)
        self._open.append(stream)
        try:
            raw.start()
        except sound.PortAudioError as error:
            self._close(stream)
            raise RefusedError(_refusal(error)) from error
        return stream

    def _close(self, stream: OpenStream) -> None:
        if stream in self._open:
            self._open.remove(stream)
            stream.raw.close(ignore_errors=True)

    def _refresh(self, sound: Any) -> list[InputDevice]:
        for stream in list(self._open):
            self._close(stream)
        # sounddevice has no public way to this, and its makers advise this one.
        sound._terminate()
        sound._initialize()
        return list_devices(sound)


def load(here: Surroundings) -> Any:
    """Return sounddevice, imported only now because that initialises PortAudio.

    Raises:
        VoicechatError: `no_portaudio`, or `microphone_failed` if PortAudio can't be initialised.
    """
    try:
        import sounddevice
    except ModuleNotFoundError as error:
        raise failures.no_sounddevice() from error
    except OSError as error:
        raise failures.no_portaudio(here) from error
    return sounddevice


def list_devices(sound: Any) -> list[InputDevice]:
    """Return the microphones PortAudio knows of, the default first."""
    apis = [api["name"] for api in sound.query_hostapis()]
    default = _default_index(sound)
    found = [
        InputDevice(
            id=DeviceName(info["name"], apis[info["hostapi"]]),
            index=info["index"],
            channels=info["max_input_channels"],
            rate=round(info["default_samplerate"]),
            is_default=info["index"] == default,
        )
        for info in sound.query_devices()
        if info["max_input_channels"] > 0
    ]
    return sorted(found, key=lambda device: not device.is_default)


def refusal_of(sound: Any, device: InputDevice, wanted: Format) -> Refusal | None:
    """Return why a microphone would not open in a format, or None if it would."""
    try:
        sound.check_input_settings(
            device=device.index, channels=wanted.channels, dtype="int16", samplerate=wanted.rate
        )
    except sound.PortAudioError as error:
        return _refusal(error)
    return None


def _default_index(sound: Any) -> int | None:
    try:
        index: int = sound.query_devices(kind="input")["index"]
    except sound.PortAudioError:
        return None  # There is none.
    return index


def _refusal(error: Exception) -> Refusal:
    """Return what an error of sounddevice carries: a text, a code, and what the audio system itself said."""
    match error.args:
        case (text, code, (_, host_code, host_text)):
            return Refusal(str(text), int(code), int(host_code), str(host_text))
        case (text, code):
            return Refusal(str(text), int(code))
        case _:
            return Refusal(str(error))
