"""Synthetic Mandarin: espeak-ng reads the pinyin of a text aloud."""

import io
import subprocess
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from pypinyin import Style, lazy_pinyin

SAMPLE_RATE = 16_000
PLAIN_VOICES = ("", "m1", "m2", "m3", "m4", "f1", "f2", "f3", "f4", "f5")
FURTHER_VOICES = (
    *("m5", "m6", "m7", "m8", "Alex", "Alicia", "Andrea", "Andy", "Annie", "antonio", "aunty", "belinda"),
    *("benjamin", "boris", "caleb", "david", "Denis", "Diogo", "ed", "edward", "edward2", "Gene", "Gene2"),
    *(
        "gustave",
        "Henrique",
        "Hugo",
        "iven",
        "iven2",
        "Jacky",
        "john",
        "kaukovalta",
        "Lee",
        "linda",
        "marcelo",
    ),
    *("Marco", "mario", "max", "michael", "michel", "miguel", "mike", "Nguyen", "pablo", "paul", "pedro"),
    *("quincy", "rob", "robert", "sandro", "shelby", "steph", "steph2", "steph3", "travis", "victor", "zac"),
    *("adam", "anika", "grandma", "grandpa"),
)
SILENCE_BELOW_PEAK_DB = 42.0
FRAME = SAMPLE_RATE // 100

Waveform: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Voice:
    """How espeak-ng speaks.

    Attributes:
        variant: The name of an espeak-ng voice variant; empty for the plain voice.
        words_per_minute: Speed.
        pitch: From 0 to 99.
        word_gap: Pause between syllables, in units of 10 ms.
    """

    variant: str
    words_per_minute: int
    pitch: int
    word_gap: int


def plain_voice(rng: Random) -> Voice:
    """Draw one of the ten plain voices at a moderate speed and pitch."""
    return Voice(
        rng.choice(PLAIN_VOICES), rng.randint(150, 200), rng.randint(35, 65), rng.choice((0, 0, 0, 1, 2, 4))
    )


def any_voice(rng: Random) -> Voice:
    """Draw any voice, also slow, hasty, deep and high ones."""
    variant = rng.choice(PLAIN_VOICES + FURTHER_VOICES)
    return Voice(variant, rng.randint(125, 235), rng.randint(25, 75), rng.choice((0, 0, 0, 1, 2, 4)))


def speak(text: str, voice: Voice) -> Waveform:
    """Say a text.

    Args:
        text: Chinese characters.
        voice: Who says it and how.

    Returns:
        Samples in [-1, 1] at 16 kHz, without the silence before the first and after the last syllable.

    Raises:
        FileNotFoundError: espeak-ng is not installed.
        subprocess.CalledProcessError: espeak-ng does not know the voice.
    """
    pinyin = " ".join(lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True))
    name = f"cmn-latn-pinyin+{voice.variant}" if voice.variant else "cmn-latn-pinyin"
    command = ["espeak-ng", "-v", name, "-s", str(voice.words_per_minute), "-p", str(voice.pitch)]
    command += ["-g", str(voice.word_gap), "--stdout", pinyin]
    spoken = subprocess.run(command, capture_output=True, check=True).stdout
    samples, rate = soundfile.read(io.BytesIO(spoken), dtype="float32")
    resampled: Waveform = soxr.resample(samples, rate, SAMPLE_RATE).astype(np.float32)
    return trim_silence(resampled)


def loud_span(samples: Waveform, below_peak_db: float) -> tuple[int, int]:
    """Find where sound begins and ends, in samples.

    A frame of 10 ms counts as silent when it is more than `below_peak_db` decibels under the loudest one.
    Without any sound the span is empty.
    """
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    level = np.sqrt((frames.astype(np.float64) ** 2).mean(axis=1))
    loud = np.flatnonzero(level > level.max(initial=0.0) * 10 ** (-below_peak_db / 20))
    return (0, 0) if loud.size == 0 else (int(loud[0]) * FRAME, (int(loud[-1]) + 1) * FRAME)


def trim_silence(samples: Waveform) -> Waveform:
    """Cut the silence off both ends."""
    start, end = loud_span(samples, SILENCE_BELOW_PEAK_DB)
    return samples[start:end]
