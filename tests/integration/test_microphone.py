"""The microphone with a real audio path: what is played into a null sink comes out of it."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.microphones import Listener, plugged_in, recorders, variables
from tests.support.null_sink import NullSink, no_microphone
from tests.support.programs import require_portaudio
from tests.support.samples import DIRECTORY, audio
from tests.support.waiting import wait_for_end_of
from voicechat_common.audio import Samples
from voicechat_common.errors import ErrorCode
from voicechat_common.levels import Sound
from voicechat_tui.sources.microphone.core import State
from voicechat_tui.sources.microphone.devices import DeviceName, Format, InputDevice
from voicechat_tui.sources.microphone.events import (
    AllZero,
    Closed,
    LevelChanged,
    Lost,
    MicrophoneEvent,
    Opened,
    Overflow,
    Returned,
    Unavailable,
)
from voicechat_tui.sources.microphone.failures import Refusal
from voicechat_tui.sources.microphone.microphone import Microphone
from voicechat_tui.sources.microphone.policy import MicrophonePolicy
from voicechat_tui.sources.microphone.portaudio import Recording, RefusedError, SoundSystem
from voicechat_tui.sources.microphone.preview import PreviewMeter
from voicechat_tui.sources.microphone.surroundings import Surroundings

PIECE = 4_000
"""Samples, a quarter of a second."""
ALL_BUT_ONE = 0.85
"""The share of a sample's pieces to be heard: of the shortest's eight a busy machine may spoil one."""

QUICK = MicrophonePolicy(look_every_s=0.2, first_retry_s=0.1, longest_retry_s=0.2)


@asynccontextmanager
async def opened(
    sound: SoundSystem, wished: DeviceName | None = None, policy: MicrophonePolicy = QUICK
) -> AsyncIterator[tuple[Microphone, Listener[MicrophoneEvent]]]:
    async with Microphone(sound, wished, policy) as microphone, Listener(microphone.events()) as heard:
        yield microphone, heard


async def play(sink: NullSink, name: str = "network") -> None:
    """Speak a sample into a microphone."""
    await asyncio.to_thread(sink.play, Path(str(DIRECTORY)) / f"{name}.wav")


async def said_until_hushed(microphone: Microphone) -> Samples:
    """What the microphone gives of one talk."""
    return np.concatenate([packet async for packet in microphone.packets()])


async def said(microphone: Microphone, sink: NullSink) -> Samples:
    """What the microphone gives of a sample that is spoken into it."""
    talking = asyncio.create_task(said_until_hushed(microphone))
    await play(sink)
    microphone.hush()
    return await talking


def share_of(name: str, heard: Samples) -> float:
    """How much of a sample can be found in what was heard: the share of its pieces that sound alike."""
    whole, sample = heard.astype(np.float64), audio(name).astype(np.float64)
    places = len(whole) - PIECE + 1
    total = np.concatenate([[0.0], np.cumsum(whole**2)])
    energy = total[PIECE:] - total[:-PIECE]
    spectrum = np.fft.rfft(whole)
    pieces = [sample[at : at + PIECE] for at in range(0, len(sample) - PIECE, PIECE)]
    spoken = [piece for piece in pieces if np.abs(piece).max() > 1_000]
    found = 0
    for piece in spoken:
        product = np.fft.irfft(spectrum * np.conj(np.fft.rfft(piece, len(whole))), len(whole))[:places]
        found += bool((product / np.sqrt(energy * (piece @ piece) + 1)).max() > 0.9)
    return found / len(spoken)


async def test_what_is_said_is_heard() -> None:
    async with plugged_in("headset") as (sound, (sink,)), opened(sound) as (microphone, heard):
        assert await heard.expect(Opened) == Opened(DeviceName("default", "ALSA"), 16_000)
        assert share_of("network", await said(microphone, sink)) > ALL_BUT_ONE
        assert max(event.level.peak_db for event in heard.of(LevelChanged)) > -20
        assert heard.of(Overflow) == []
    assert microphone.remarks == []


class StudioSound(SoundSystem):
    """A sound card that knows 48 kHz in stereo and nothing else. ALSA's own plug-ins know every rate."""

    async def open(self, device: InputDevice, wanted: Format, queue_s: float) -> Recording:
        if wanted != Format(48_000, 2):
            raise RefusedError(Refusal("Invalid sample rate", -9997))
        return await super().open(device, wanted, queue_s)


async def test_a_card_of_48_khz_is_resampled() -> None:
    async with plugged_in("studio") as (_, (sink,)), opened(StudioSound()) as (microphone, heard):
        assert (await heard.expect(Opened)).rate == 48_000
        assert share_of("network", await said(microphone, sink)) > ALL_BUT_ONE


async def test_a_card_that_opens_at_no_rate_is_told() -> None:
    class DeafSound(SoundSystem):
        async def open(self, device: InputDevice, wanted: Format, queue_s: float) -> Recording:
            raise RefusedError(Refusal("Invalid sample rate", -9997))

    async with plugged_in("odd"), opened(DeafSound()) as (microphone, heard):
        error = (await heard.expect(Unavailable)).error
        assert (error.code, microphone.state) == (ErrorCode.MICROPHONE_FAILED, State.SEEKING)
        assert error.message == "The microphone default can't be opened at any common sample rate."


async def test_microphones_are_listed_by_name_and_audio_system_with_the_default_first() -> None:
    async with plugged_in("headset", "webcam") as (sound, _):
        devices = await sound.devices()
        assert [str(device.id) for device in devices] == ["default (ALSA)", "headset (ALSA)", "webcam (ALSA)"]
        assert [device.is_default for device in devices] == [True, False, False]


async def test_the_formats_that_open_can_be_asked_for() -> None:
    async with plugged_in("headset", "webcam") as (sound, (_, webcam)):
        webcam.unplug()
        headset_device, webcam_device = (await sound.devices())[1:]
        assert await sound.check(headset_device, [Format(16_000, 1)]) == {Format(16_000, 1): None}
        (refusal,) = (await sound.check(webcam_device, [Format(16_000, 1)])).values()
        assert refusal is not None
        assert refusal.reason == "Input/output error"


async def test_a_microphone_that_is_unplugged_makes_room_for_another_and_comes_back() -> None:
    wished = DeviceName("webcam", "ALSA")
    async with plugged_in("headset", "webcam") as (sound, (headset, webcam)):
        async with opened(sound, wished) as (microphone, heard):
            assert await heard.expect(Opened) == Opened(wished, 16_000)
            webcam.unplug()
            assert (await heard.expect(Lost)).error.code is ErrorCode.MICROPHONE_LOST
            fallback = await heard.expect(Opened)
            assert fallback.device == DeviceName("default", "ALSA")
            assert fallback.problem is not None
            assert share_of("network", await said(microphone, headset)) > ALL_BUT_ONE
            webcam.plug_in()
            assert (await heard.expect(Returned)).device == wished
            assert await heard.expect(Opened) == Opened(wished, 16_000)
            assert share_of("network", await said(microphone, webcam)) > ALL_BUT_ONE
        assert microphone.remarks == ["The microphone webcam was unplugged or has stopped."]


async def test_the_only_microphone_is_waited_for() -> None:
    async with plugged_in("headset") as (sound, (sink,)), opened(sound) as (microphone, heard):
        await heard.expect(Opened)
        talking = asyncio.create_task(said_until_hushed(microphone))
        sink.unplug()
        await heard.expect(Lost)
        assert (await heard.expect(Unavailable)).error.code is ErrorCode.MICROPHONE_FAILED
        sink.plug_in()
        await heard.expect(Opened)
        await play(sink)
        microphone.hush()
        assert share_of("network", await talking) > ALL_BUT_ONE


async def test_a_machine_without_a_microphone_keeps_looking_for_one(tmp_path: Path) -> None:
    require_portaudio()
    with variables(no_microphone(tmp_path)):
        async with opened(SoundSystem(Surroundings())) as (microphone, heard):
            assert (await heard.expect(Unavailable)).error.code is ErrorCode.NO_MICROPHONE
            async with plugged_in("headset"):
                assert (await heard.expect(Opened)).device == DeviceName("default", "ALSA")
                assert microphone.state is State.LISTENING


async def test_portaudio_that_crashes_takes_nothing_with_it(tmp_path: Path) -> None:
    require_portaudio()
    # Without any device at all, not even one that does not open, PortAudio aborts its process.
    (tmp_path / "asound.conf").write_text("", encoding="utf-8")
    with variables({"ALSA_CONFIG_PATH": str(tmp_path / "asound.conf")}):
        async with opened(SoundSystem()) as (_, heard):
            error = (await heard.expect(Unavailable)).error
    assert error.message == "The system's audio can't be used: PortAudio has crashed."


async def test_portaudio_that_hangs_is_left_for_another() -> None:
    policy = replace(QUICK, lost_after_s=0.5)
    async with plugged_in("headset") as (sound, (sink,)), opened(sound, policy=policy) as (microphone, heard):
        await heard.expect(Opened)
        (hung,) = recorders()
        os.kill(hung, signal.SIGSTOP)
        assert (await heard.expect(Lost)).error.code is ErrorCode.MICROPHONE_LOST
        await heard.expect(Opened)
        assert hung not in recorders()
        assert share_of("network", await said(microphone, sink)) > ALL_BUT_ONE


async def test_a_client_that_is_killed_leaves_no_open_microphone() -> None:
    program = """import asyncio
from tests.support.microphones import recorders
from voicechat_tui.sources.microphone.microphone import Microphone
from voicechat_tui.sources.microphone.portaudio import SoundSystem
from voicechat_tui.sources.microphone.events import Opened

async def main():
    async with Microphone(SoundSystem()) as microphone:
        async for event in microphone.events():
            if isinstance(event, Opened):
                print(*recorders(), flush=True)

asyncio.run(main())
"""
    async with plugged_in("headset"):
        client = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=PIPE)
        assert client.stdout is not None
        recorder = int(await client.stdout.readline())
        client.kill()
        await client.wait()
        await asyncio.to_thread(wait_for_end_of, recorder)


async def test_a_cold_microphone_is_open_only_while_somebody_talks() -> None:
    policy = MicrophonePolicy(warm=False)
    async with plugged_in("headset") as (sound, (sink,)), opened(sound, policy=policy) as (microphone, heard):
        for _ in range(2):
            assert microphone.state is State.CLOSED
            talking = asyncio.create_task(said_until_hushed(microphone))
            await heard.expect(Opened)
            await play(sink)
            microphone.hush()
            assert share_of("network", await talking) > ALL_BUT_ONE
            await heard.expect(Closed)


async def test_a_muted_microphone_gives_nothing_on() -> None:
    async with plugged_in("headset") as (sound, (sink,)), opened(sound) as (microphone, heard):
        await heard.expect(Opened)
        microphone.mute()
        talking = asyncio.create_task(said_until_hushed(microphone))
        await play(sink)
        assert heard.of(LevelChanged)[-1].level.sound is Sound.SIGNAL
        microphone.mute(muted=False)
        microphone.hush()
        assert np.abs(await talking).max(initial=0) < 50


async def test_only_one_may_talk_at_a_time() -> None:
    async with plugged_in("headset") as (sound, _), opened(sound) as (microphone, heard):
        await heard.expect(Opened)
        first = microphone.packets()
        await anext(first)
        with pytest.raises(RuntimeError, match="somebody talks already"):
            await anext(microphone.packets())
        await first.aclose()


async def test_a_microphone_that_delivers_only_zeros_is_told() -> None:
    async with plugged_in("headset") as (sound, _), opened(sound) as (_, heard):
        error = (await heard.expect(AllZero)).error
        assert error.message == "The microphone default delivers nothing at all, not even noise."


async def test_audio_that_nobody_reads_is_counted() -> None:
    async with plugged_in("headset") as (sound, (sink,)):
        (device, *_) = await sound.devices()
        recording = await sound.open(device, Format(48_000, 2), queue_s=0.1)
        first = await recording.read()
        # The pipe takes some, the reader ahead of it some, the queue a tenth of a second: together under 2 s.
        await play(sink, "complaint")
        lost_frames = 0
        while not lost_frames:
            block = await recording.read()
            assert block is not None
            lost_frames = block.lost_frames
        await recording.close()
    assert first is not None
    assert (len(first.pcm), lost_frames % 960) == (960 * 4, 0)


async def test_a_recording_that_nobody_read_leaves_no_pipe_open(tmp_path: Path) -> None:
    # It ends once the client has read everything, or has stopped reading.
    program = """import os, select, threading
os.write(1, b"{}\\n")
writer = threading.Thread(target=os.write, args=[1, bytes(1 << 20)])
writer.start()
os.read(0, 1)
while writer.is_alive() and select.select([], [1], [], 0.1)[1]:
    writer.join(0.01)
os._exit(0)
"""
    (tmp_path / "sitecustomize.py").write_text(program, encoding="utf-8")
    device = InputDevice(DeviceName("any", "ALSA"), 0, 2, 48_000)
    with variables({"PYTHONPATH": str(tmp_path)}):
        before = descriptors()
        recording = await SoundSystem(Surroundings()).open(device, Format(48_000, 2), queue_s=1)
        assert descriptors() > before
        await recording.close()
    assert descriptors() == before


def descriptors() -> set[str]:
    """The files, pipes and sockets that this process has open."""
    return {path.name for path in Path("/proc/self/fd").iterdir() if path.exists()}


async def test_audio_is_lost_and_told_when_the_program_does_not_take_it() -> None:
    policy = MicrophonePolicy(queue_s=0.1)
    async with plugged_in("headset") as (sound, _), opened(sound, policy=policy) as (microphone, heard):
        await heard.expect(Opened)
        packets = microphone.packets()
        await anext(packets)
        assert (await heard.expect(Overflow)).ms >= 20
        await packets.aclose()


async def test_the_level_of_each_microphone_can_be_shown() -> None:
    async with plugged_in("headset", "webcam") as (sound, (_, webcam)):
        headset_device, webcam_device = (await sound.devices())[1:]
        async with PreviewMeter(sound, headset_device) as quiet, PreviewMeter(sound, webcam_device) as loud:
            await play(webcam)
            assert (quiet.problem, loud.problem) == (None, None)
            assert loud.level.peak_db > -40 > quiet.level.peak_db


async def test_a_preview_says_why_it_shows_nothing() -> None:
    async with plugged_in("headset", "webcam") as (sound, (headset, webcam)):
        headset_device, webcam_device = (await sound.devices())[1:]
        webcam.unplug()
        async with PreviewMeter(sound, webcam_device) as absent, PreviewMeter(sound, headset_device) as lost:
            await absent.changed.wait()
            await lost.changed.wait()
            headset.unplug()
            while lost.problem is None:
                lost.changed.clear()
                await lost.changed.wait()
        assert absent.problem is not None
        assert absent.problem.message == "The microphone webcam can't be opened: Input/output error."
        assert lost.problem.code is ErrorCode.MICROPHONE_LOST


@pytest.mark.parametrize(
    ("obstacle", "message"),
    [
        ("import ctypes.util; ctypes.util.find_library = lambda name: None", "PortAudio, the library"),
        ("import sys; sys.modules['sounddevice'] = None", "The Python package sounddevice"),
    ],
)
async def test_a_machine_without_portaudio_says_so(tmp_path: Path, obstacle: str, message: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(obstacle, encoding="utf-8")
    with variables({"PYTHONPATH": str(tmp_path)}):
        async with opened(SoundSystem()) as (_, heard):
            error = (await heard.expect(Unavailable)).error
    assert error.code is ErrorCode.NO_PORTAUDIO
    assert error.message.startswith(message)


async def test_sounddevice_is_imported_only_when_it_is_needed() -> None:
    program = """import sys
import voicechat_tui.sources.microphone.preview, voicechat_tui.voice.stream
print([name for name in ("sounddevice", "textual", "torch", "funasr") if name in sys.modules])"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=PIPE)
    output, _ = await process.communicate()
    assert output.decode().strip() == "[]"
