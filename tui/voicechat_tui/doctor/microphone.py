"""Checks of the microphone."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from voicechat_common.audio import SAMPLE_RATE
from voicechat_common.errors import VoicechatError
from voicechat_common.levels import FLOOR_DB, Ballistics
from voicechat_tui.doctor.finding import Check, Finding, Verdict, note, ok, problem
from voicechat_tui.language import _, plural
from voicechat_tui.sources.microphone import failures
from voicechat_tui.sources.microphone.devices import DeviceName, InputDevice, candidates, find, formats
from voicechat_tui.sources.microphone.portaudio import SoundSystem
from voicechat_tui.sources.microphone.preview import PreviewMeter

LISTENS_S = 2.0
STARTS_WITHIN_S = 5.0


@dataclass(frozen=True)
class Heard:
    """What was heard from a microphone.

    Attributes:
        peak_db: The highest peak in dBFS.
        clipped: Whether the signal clipped at full scale.
    """

    peak_db: float
    clipped: bool


async def check_microphone(
    sound: SoundSystem, wished: DeviceName | None, on_listening: Callable[[InputDevice], None]
) -> list[Finding]:
    """Check everything from PortAudio to the level.

    Args:
        sound: The machine's microphones.
        wished: The one chosen in the settings.
        on_listening: Called when it is time to say something.
    """
    try:
        devices = await sound.devices()
    except VoicechatError as error:
        return [problem(Check.PORTAUDIO, error)]
    found = [ok(Check.PORTAUDIO, _("It is installed and works.")), judge_devices(devices, wished, sound)]
    if not devices:
        return found
    device = candidates(devices, wished)[0]
    rate = await _check_rate(sound, device)
    found.append(rate)
    if rate.verdict is not Verdict.PROBLEM:
        found.append(await _check_level(sound, device, on_listening))
    return found


def judge_devices(devices: list[InputDevice], wished: DeviceName | None, sound: SoundSystem) -> Finding:
    """Judge the available microphones."""
    if not devices:
        return problem(Check.DEVICES, failures.no_microphone(sound.here))
    if wished is not None and find(devices, wished) is None:
        error = failures.not_there(str(wished))
        return note(Check.DEVICES, error.message, error.advice)
    names = ", ".join(str(device.id) for device in devices)
    return ok(
        Check.DEVICES,
        plural(len(devices), "{count}: {names}.", "{count}, the default first: {names}.", names=names),
    )


async def _check_rate(sound: SoundSystem, device: InputDevice) -> Finding:
    refusals = await sound.check(device, formats(device))
    opens = sorted({wanted.rate for wanted, refusal in refusals.items() if refusal is None})
    if not opens:
        refusal = next(refusal for refusal in refusals.values() if refusal is not None)
        return problem(Check.RATE, failures.cannot_open(str(device.id), refusal, sound.here))
    rates = ", ".join(str(rate) for rate in opens)
    if SAMPLE_RATE in opens:
        return ok(Check.RATE, _("{device} opens at {rates} Hz.", device=device.id, rates=rates))
    return ok(
        Check.RATE,
        _("{device} opens at {rates} Hz; it is resampled to 16000 Hz.", device=device.id, rates=rates),
    )


async def _check_level(
    sound: SoundSystem, device: InputDevice, on_listening: Callable[[InputDevice], None]
) -> Finding:
    async with PreviewMeter(sound, device) as meter:
        try:
            async with asyncio.timeout(STARTS_WITHIN_S):
                await meter.changed.wait()
        except TimeoutError:
            return problem(Check.LEVEL, failures.no_answer())
        if meter.problem is None:
            on_listening(device)
        peak, clipped = FLOOR_DB, False
        try:
            async with asyncio.timeout(LISTENS_S):
                while meter.problem is None:
                    meter.changed.clear()
                    await meter.changed.wait()
                    peak, clipped = max(peak, meter.level.peak_db), clipped or meter.level.clipped
        except TimeoutError:
            return judge_level(Heard(peak, clipped), device, sound)
        return problem(Check.LEVEL, meter.problem)


def judge_level(heard: Heard, device: InputDevice, sound: SoundSystem) -> Finding:
    """Judge what was heard from a microphone."""
    if heard.peak_db <= FLOOR_DB:
        return problem(Check.LEVEL, failures.all_zero(str(device.id), sound.here))
    peak = _("Peak at {peak:.0f} dBFS.", peak=heard.peak_db)
    if heard.clipped:
        return note(
            Check.LEVEL, peak, _("It is too loud and clips: turn the microphone down, or sit further back.")
        )
    if heard.peak_db < Ballistics().quiet_db:
        return note(
            Check.LEVEL,
            peak,
            _("Nothing was heard. Run this again and speak; if that doesn't help, turn the microphone up."),
        )
    return ok(Check.LEVEL, peak)
