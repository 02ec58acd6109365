"""Audio of every kind as honest clients send it: speech, noise, tones, music, silence; clean and worn."""

import math
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from bench.audio_encodings import as_pcm, by_law
from voicechat_server.asr.audio_check.sample_form import MU_LAW
from voicechat_server.asr.models.catalog import demo_directory

Audio = NDArray[np.float32]
Random = np.random.Generator
Maker = Callable[[Random, int, int], Audio]
"""Makes a number of samples at a rate."""

TEXTS = {
    "cmn": "你好，我想投诉一个电器商家。我去年买了一台冰箱，现在它不能制冷了，请你们尽快派人来修理，谢谢。",
    "en": "The quick brown fox jumps over the lazy dog, while seven children watch from the bridge.",
    "de": "Guten Tag, ich möchte gerne wissen, wann der nächste Zug nach Hamburg fährt.",
    "ru": "Скажите, пожалуйста, сколько стоит билет до Москвы и когда отправляется поезд.",
}
VOICES = ("m1", "m3", "m7", "f1", "f2", "f5", "whisper", "croak")

RATES = (8_000, 16_000, 16_000, 16_000, 24_000, 44_100, 48_000)
"""Rates of honest streams; most have that of the recogniser."""

_VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))
"""Formants of a, i, u, e and o, in Hz."""


def recordings(voices: Path | None) -> tuple[Path, ...]:
    """Return what speech there is: the demo model's, that of espeak-ng if it is installed, and of people."""
    found = sorted((demo_directory() / "samples").glob("*.wav"))
    if voices is not None:
        found += sorted(voices.glob("*.wav"))
    return (*found, *_synthesised())


def _synthesised() -> list[Path]:
    if shutil.which("espeak-ng") is None:
        return []
    directory = Path(tempfile.gettempdir()) / f"voicechat-audio-forms-{os.getuid()}"
    directory.mkdir(exist_ok=True)
    made = []
    for number, (language, text) in enumerate(TEXTS.items()):
        for order, voice in enumerate(VOICES):
            path = directory / f"{language}-{voice}.wav"
            pitch, speed = str(min(15 + 14 * order, 99)), str(130 + 25 * (order + number) % 130)
            call = ["espeak-ng", "-v", f"{language}+{voice}", "-p", pitch, "-s", speed, "-w", str(path), text]
            if not path.exists():
                subprocess.run(call, check=True, capture_output=True)
            made.append(path)
    return made


@cache
def _recording(path: Path, rate: int) -> Audio:
    audio, own = soundfile.read(path, dtype="float32")
    audio = audio if own == rate else soxr.resample(audio, own, rate)
    return np.asarray(audio / np.abs(audio).max(), np.float32)


def speech(files: tuple[Path, ...], random: Random, count: int, rate: int) -> Audio:
    """Return speech from a random place of a random recording, played in a loop."""
    audio = _recording(files[random.integers(len(files))], rate)
    at = random.integers(len(audio))
    return np.resize(np.concatenate((audio[at:], audio[:at])), count)


def shifted(files: tuple[Path, ...], random: Random, count: int, rate: int) -> Audio:
    """Return speech of a deeper or a higher voice, by a third at most, as those of a giant and a child."""
    factor = random.uniform(0.8, 1.33)
    audio = speech(files, random, int(count * factor) + 1, rate)
    return np.resize(np.asarray(soxr.resample(audio, factor, 1.0), np.float32), count)


def sung(random: Random, count: int, rate: int) -> Audio:
    """Return vowels that are sung, from a bass's to a soprano's, slow or fast, with vibrato."""
    wave = np.zeros(count)
    length = int(rate * random.uniform(0.2, 2.0))
    lowest, size = random.uniform(65, 500), random.uniform(0.85, 1.3)
    fade = np.minimum(1.0, np.minimum(np.arange(length), np.arange(length)[::-1]) / (0.05 * rate))
    vibrato = 1 + random.uniform(0, 0.03) * np.sin(2 * math.pi * 5.5 * np.arange(length) / rate)
    for at in range(0, count - length, length):
        pitch = lowest * 2 ** (random.integers(0, 13) / 12)
        turns = np.cumsum(pitch * vibrato) / rate
        formants = size * np.array(_VOWELS[random.integers(len(_VOWELS))])
        for overtone in range(1, int(min(rate / 2, 5000) / pitch / 1.05)):
            level = np.sum((1.0, 0.5, 0.25) / (1 + np.square((overtone * pitch - formants) / 80)))
            wave[at : at + length] += fade * level * np.sin(2 * math.pi * overtone * turns)
    return _full(wave)


def noise(random: Random, count: int, rate: int) -> Audio:
    """Return noise of any colour, in any band."""
    power = random.uniform(-2, 2)
    frequencies = np.fft.rfftfreq(count, 1 / rate)
    shape = np.maximum(frequencies, 20.0) ** (power / 2)
    if random.random() < 0.5:
        low, high = np.sort(random.uniform(0, rate / 2, 2))
        shape = shape * ((frequencies >= low) & (frequencies <= high + 10))
    wave = np.fft.irfft(np.fft.rfft(random.normal(size=count)) * shape, count)
    return _full(wave)


def tone(random: Random, count: int, rate: int) -> Audio:
    """Return a tone: a sine, square, saw or pulses, of any frequency or one that divides the rate."""
    divisor = float(random.integers(2, 400)) if random.random() < 0.5 else rate / random.uniform(20, rate / 2)
    if random.random() < 0.3:
        divisor = rate / (100.0 * random.integers(1, rate // 200))
    turns = np.arange(count) / divisor + random.choice((0.0, 0.25, random.random()))
    part = turns % 1.0
    waves = (
        lambda: np.sin(2 * math.pi * turns),
        lambda: np.where(part < 0.5, 1.0, -1.0),
        lambda: 2 * part - 1,
        lambda: np.where(part < 0.1, 1.0, 0.0),
        lambda: np.sin(2 * math.pi * turns) * (1 + np.sin(2 * math.pi * 3 * np.arange(count) / rate)) / 2,
    )
    return np.asarray(waves[random.integers(len(waves))](), np.float32)


def chirp(random: Random, count: int, rate: int) -> Audio:
    """Return a sweep over all frequencies or some, as a sine or a square."""
    low, high = random.uniform(0, rate / 2, 2)
    frequency = np.linspace(low, high, count)
    wave = np.sin(2 * math.pi * np.cumsum(frequency) / rate)
    return np.asarray(np.sign(wave) if random.random() < 0.3 else wave, np.float32)


def music(random: Random, count: int, rate: int) -> Audio:
    """Return notes that are struck and die away, chords of them, with drums or without."""
    wave = np.zeros(count)
    length = int(rate * random.uniform(0.1, 0.6))
    fade = np.exp(-np.arange(length) / (rate * random.uniform(0.05, 0.5)))
    drums = random.random() < 0.5
    for at in range(0, count - length, length):
        for _ in range(random.integers(1, 5)):
            pitch = 55 * 2 ** (random.integers(0, 60) / 12)
            for overtone in range(1, 8):
                if pitch * overtone < rate / 2:
                    turns = np.arange(length) * pitch * overtone / rate
                    wave[at : at + length] += fade * np.sin(2 * math.pi * turns) / overtone
        if drums:
            hit = np.diff(random.normal(size=length + 1))
            wave[at : at + length] += hit * np.exp(-np.arange(length) / (rate * 0.02))
    return _full(wave)


def steady(random: Random, count: int, rate: int) -> Audio:
    """Return silence, hum, the noise of a sound card, or a steady level."""
    level = random.choice((0.0, random.uniform(-1, 1), 2.0 ** -random.integers(0, 16)))
    hiss = random.normal(size=count) * 10 ** random.uniform(-5, -3)
    hum = np.sin(2 * math.pi * random.choice((50, 60)) * np.arange(count) / rate) * 10 ** random.uniform(
        -4, -1
    )
    parts = (hiss, hum, 0 * hiss)
    return np.asarray(level + parts[random.integers(3)], np.float32)


def _full(wave: NDArray[np.float64]) -> Audio:
    return np.asarray(wave / max(np.abs(wave).max(), 1e-9), np.float32)


def worn(random: Random, wave: Audio) -> Audio:
    """Return audio as it comes from a telephone, an old sound card or a careless program."""
    gaps = np.repeat(random.random(len(wave) // 320 + 1) > 0.1, 320)[: len(wave)]
    ways: tuple[Callable[[], NDArray[np.floating]], ...] = (
        lambda: np.floor(wave * 128) / 128,
        lambda: np.rint(wave * 2048) / 2048,
        lambda: np.clip(wave, -0.5, 0.5),
        lambda: np.convolve(wave, (0.5, 0.5), "same"),
        lambda: wave * gaps,
        lambda: _through_telephone(wave),
        lambda: wave + random.normal(size=len(wave)) * 10 ** random.uniform(-4, -0.5),
        lambda: wave + random.uniform(-0.3, 0.3),
    )
    return np.asarray(ways[random.integers(len(ways))](), np.float32)


def _through_telephone(wave: Audio) -> Audio:
    codes = np.frombuffer(by_law(as_pcm(wave), MU_LAW), np.uint8)
    return MU_LAW[codes] / np.float32(32_768)


MAKERS: tuple[Maker, ...] = (noise, tone, chirp, music, sung, steady)
