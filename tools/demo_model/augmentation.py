"""The effects of rooms, lines and microphones on speech, as functions of samples in [-1, 1] at 16 kHz."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import soxr

SAMPLE_RATE = 16_000
OTHER_RATES = (8_000, 11_025, 22_050, 32_000, 44_100, 48_000)
LOUDEST = 10**-0.05

Waveform: TypeAlias = npt.NDArray[np.float32]


def scale_peak(samples: Waveform, peak: float) -> Waveform:
    """Set the largest magnitude to `peak`; silence stays silence."""
    largest = float(np.abs(samples).max(initial=0.0))
    return samples if largest == 0.0 else (samples * (peak / largest)).astype(np.float32)


def surround_with_silence(samples: Waveform, before: float, after: float) -> Waveform:
    """Put exact zeros around the samples: `before` and `after` in seconds."""
    return np.pad(samples, (round(before * SAMPLE_RATE), round(after * SAMPLE_RATE)))


def join_with_pauses(parts: Sequence[Waveform], pauses: Sequence[float]) -> Waveform:
    """Put a pause, in seconds, between each part and the next.

    Raises:
        ValueError: There is not one pause fewer than parts.
    """
    pieces = [parts[0]]
    for pause, part in zip(pauses, parts[1:], strict=True):
        pieces += [np.zeros(round(pause * SAMPLE_RATE), np.float32), part]
    return np.concatenate(pieces)


def add_noise(samples: Waveform, snr_db: float, slope: float, seed: int) -> Waveform:
    """Add noise whose spectrum falls with frequency to the power of `slope`; 0 is white."""
    noise = np.random.default_rng(seed).standard_normal(len(samples))
    if slope:
        spectrum = np.fft.rfft(noise)
        noise = np.fft.irfft(spectrum / np.arange(1, len(spectrum) + 1) ** slope, len(samples))
    power = float(np.mean(samples.astype(np.float64) ** 2))
    wanted = np.sqrt(power / 10 ** (snr_db / 10))
    level = float(np.sqrt(np.mean(noise**2)))
    noisy: Waveform = (samples + noise * (wanted / level)).astype(np.float32)
    return noisy


def add_echo(samples: Waveform, delay: float, strength: float) -> Waveform:
    """Add one reflection, `delay` seconds later."""
    offset = round(delay * SAMPLE_RATE)
    echoed = samples.copy()
    echoed[offset:] += strength * samples[: len(samples) - offset]
    return echoed


def tilt(samples: Waveform, coefficient: float) -> Waveform:
    """Make the sound brighter (positive) or duller (negative) by first-order emphasis."""
    return np.append(samples[:1], samples[1:] - coefficient * samples[:-1]).astype(np.float32)


def quantise(samples: Waveform) -> Waveform:
    """Round to the steps of 16-bit PCM, clipping what is beyond full scale."""
    return (np.clip(np.rint(samples * 32768), -32768, 32767) / 32768).astype(np.float32)


def through_rate(samples: Waveform, rate: int) -> Waveform:
    """Send the samples through 16-bit PCM of another rate and back to 16 kHz; 8 kHz is a telephone's."""
    if rate == SAMPLE_RATE:
        return quantise(samples)
    there = quantise(soxr.resample(samples, SAMPLE_RATE, rate).astype(np.float32))
    back: Waveform = soxr.resample(there, rate, SAMPLE_RATE).astype(np.float32)
    return np.clip(back, -1.0, 1.0)


@dataclass(frozen=True)
class Severity:
    """How much of everything `degrade` may do.

    Attributes:
        snr_db: The range of signal-to-noise ratios.
        noise: The share of utterances with noise.
        echo: The share with a reflection.
        tilt: The share with a coloured microphone.
        other_rate: The share that passes through another sample rate.
    """

    snr_db: tuple[float, float]
    noise: float
    echo: float
    tilt: float
    other_rate: float


MILD = Severity(snr_db=(18, 50), noise=0.6, echo=0.15, tilt=0.3, other_rate=0.5)
HARSH = Severity(snr_db=(8, 45), noise=0.75, echo=0.25, tilt=0.4, other_rate=0.5)


def degrade(samples: Waveform, severity: Severity, rng: Random) -> Waveform:
    """Draw a recording situation and put the samples through it.

    Noise comes before or behind the change of rate: a noisy room on a telephone, or a line that hisses.
    """
    heard = scale_peak(samples, 10 ** rng.uniform(-1.6, -0.05))
    if rng.random() < severity.echo:
        heard = add_echo(heard, rng.uniform(0.012, 0.1), rng.uniform(0.1, 0.35))
    if rng.random() < severity.tilt:
        heard = tilt(heard, rng.uniform(-0.2, 0.2))
    noisy = rng.random() < severity.noise
    hiss = noisy and rng.random() < 0.3
    slope = rng.choice((0.0, rng.uniform(0.2, 0.6)))
    snr_db, seed = rng.uniform(*severity.snr_db), rng.getrandbits(32)
    if noisy and not hiss:
        heard = add_noise(heard, snr_db, slope, seed)
    heard = scale_peak(heard, min(float(np.abs(heard).max(initial=0.0)), LOUDEST))
    if rng.random() < severity.other_rate:
        heard = through_rate(heard, rng.choice((8_000, 8_000, *OTHER_RATES)))
    if hiss:
        heard = add_noise(heard, snr_db, slope, seed)
    return quantise(heard) if rng.random() < 0.7 else np.clip(heard, -1.0, 1.0)
