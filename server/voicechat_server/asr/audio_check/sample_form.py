"""Which form samples really have: read in the right form audio is smooth, in a wrong one it is noise."""

from collections.abc import Iterator
from enum import Enum
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from voicechat_common.audio import Samples

BLOCK_SAMPLES = 6144
"""Samples looked at together; a multiple of whole frames of 24 bits, 64 bits and two channels."""

_QUIET = 100.0
"""Root mean square below which nothing can be said of a block."""

_LOUD = 1000.0
"""The least root mean square of another form's bytes, however quiet the audio is."""

_FULL = 20_000.0
"""The least root mean square of unsigned samples, whose silence is as loud as can be."""

_NOISE = 8000.0
"""The least root mean square of the lower half of 32-bit samples, which takes any value."""

_VALUES = 256
"""The fewest different values that the bytes of another form make of a block."""

_NEIGHBOURS = 0.78
"""The greatest roughness of pairs of neighbours where one byte is a sample."""

_ROUGH = 0.9
_SMOOTH = 0.45
_RATIO = 0.55
"""The greatest roughness of the right reading, relative to that as 16-bit samples."""

_PERIODIC = 0.98
"""From this likeness to itself a while later, a block is a tone, which may have any shape."""

_PART = 128
"""So many pairs of samples that a few steps, as in a square wave, can't be the majority."""

Wave = NDArray[np.float32]
Bytes = NDArray[np.uint8]


class Form(Enum):
    """What the samples look like, in words for a person."""

    EIGHT_BIT = "8-bit samples"
    FLOAT_32 = "32-bit floating-point samples"
    FLOAT_64 = "64-bit floating-point samples"
    INT_32 = "32-bit samples"
    INT_24 = "24-bit samples"
    UNSIGNED_16 = "unsigned 16-bit samples"
    BIG_ENDIAN = "big-endian samples, or samples shifted by one byte"
    MU_LAW = "μ-law samples"
    A_LAW = "A-law samples"
    STEREO = "two interleaved channels"
    HALF_EMPTY = "two channels of which one is silent, or 32-bit samples"


def is_audible(samples: Samples) -> bool:
    """Return whether a block is loud enough to say anything about its form."""
    return _power(samples.astype(np.float32)) >= _QUIET**2


def form_of(samples: Samples) -> Form | None:
    """Return the form of an audible block if it is certainly not 16-bit mono, else None.

    Args:
        samples: `BLOCK_SAMPLES` of a stream from a multiple of them on, read as 16-bit mono.
    """
    form = next(_found(samples), None)
    if form is None or form is Form.HALF_EMPTY:
        return form
    return None if _is_periodic(samples.astype(np.float32)) else form


def _found(samples: Samples) -> Iterator[Form]:
    wave = samples.astype(np.float32)
    roughness, power = _roughness(wave), _power(wave)
    if power >= _LOUD**2:
        yield from _floats(samples)
        yield from _wide(samples, roughness)
        yield from _readings(samples, roughness, power)
    yield from _channels(wave, roughness)


def _floats(samples: Samples) -> Iterator[Form]:
    """Floating point: the exponents of audio are near each other, and those of both signs alike."""
    words = samples.view(np.uint16)
    for form, count, shift, mask in ((Form.FLOAT_64, 4, 4, 0x7FF), (Form.FLOAT_32, 2, 7, 0xFF)):
        for ordered, top in ((words, count - 1), (words.byteswap(), 0)):
            rows = ordered.reshape(-1, count)[::4]
            upper, lower = rows[:, top], rows[:, top - 1 if top else 1]
            if _has_exponents(upper, shift, mask) and not _has_exponents(lower, shift, mask, least=0.5):
                yield form


def _has_exponents(words: NDArray[np.uint16], shift: int, mask: int, least: float = 0.97) -> bool:
    words = words[(words & 0x7FFF) != 0]
    negative = np.count_nonzero(words >> 15)
    if len(words) < BLOCK_SAMPLES // 64 or not 0.1 < negative / len(words) < 0.9:
        return False
    exponents = (words >> shift & mask).astype(np.int32)
    return bool(np.mean(np.abs(exponents - int(np.median(exponents))) <= 14) >= least)


def _wide(samples: Samples, roughness: float) -> Iterator[Form]:
    """24 and 32 bits: the upper bytes are smooth, and what lies between them is noise."""
    if roughness < _ROUGH:
        return
    triples = samples.view(np.uint8).reshape(-1, 3).astype(np.uint16)
    for upper in (2, 0):
        if _roughness((triples[:, 1] | triples[:, upper] << 8).view(np.int16)) < _SMOOTH:
            yield Form.INT_24
    for words, upper in ((samples, 1), (samples.byteswap(), 0)):
        lower = words[1 - upper :: 2].astype(np.float32)
        if _roughness(words[upper::2]) < _SMOOTH and _roughness(lower) > _ROUGH and _power(lower) > _NOISE**2:
            yield Form.INT_32


def _readings(samples: Samples, roughness: float, power: float) -> Iterator[Form]:
    """Two bytes a sample in another order, or one: one reading of the bytes is far smoother than others."""
    octets = samples.view(np.uint8)
    readings: dict[Form, float] = {
        Form.BIG_ENDIAN: _roughness(samples.byteswap()) if _is_spread(samples) else np.inf,
        Form.UNSIGNED_16: _roughness(samples.view(np.uint16)) if _may_be_unsigned(samples, power) else np.inf,
    }
    # Of one byte a sample, neighbours are alike wherever a pair begins.
    if _roughness(samples.view(np.uint8)[1:-1].view(np.int16)) < _NEIGHBOURS:
        readings |= {
            Form.MU_LAW: _roughness(MU_LAW[octets]),
            Form.A_LAW: _roughness(A_LAW[octets]),
            Form.EIGHT_BIT: min(_roughness(octets), _roughness(octets.view(np.int8))),
        }
    form = min(readings, key=lambda each: readings[each])
    if readings[form] < min(_SMOOTH, _RATIO * roughness) and len(np.unique(samples)) >= _VALUES:
        yield form


def _is_spread(samples: Samples) -> bool:
    """Return whether the upper bytes take any value, as the lower bytes of samples do."""
    counts = np.bincount((samples.view(np.uint16) >> 12), minlength=16)
    return bool(counts.min() * 48 > len(samples))


def _may_be_unsigned(samples: Samples, power: float) -> bool:
    """Return whether a block is as loud as unsigned silence, and not because it is clipped."""
    return power > _FULL**2 and int(np.count_nonzero(samples == 32_767)) < len(samples) // 50


def _channels(wave: Wave, roughness: float) -> Iterator[Form]:
    """Two channels: each is smooth, and the step from one to the other differs from the step back."""
    even, odd = wave[::2], wave[1::2]
    powers = _power(even), _power(odd)
    louder = even if powers[0] > powers[1] else odd
    if min(powers) * 1000 < max(powers):
        if _roughness(louder) < _SMOOTH and len(np.unique(louder)) > 32:
            yield Form.HALF_EMPTY
        return
    if max(_roughness(even), _roughness(odd)) > _SMOOTH:
        return
    there, back = np.square(odd - even), np.square(even[1:] - odd[:-1])
    along = (_power(np.diff(even)) + _power(np.diff(odd))) / 2
    is_lopsided = _is_lopsided(there[1:], back, 4) or _is_lopsided(np.square(even), np.square(odd), 2)
    is_apart = float(there.mean() + back.mean()) > 4 * along and roughness < 1.4 and _is_mirrored(wave)
    if is_lopsided or is_apart:
        yield Form.STEREO


def _is_lopsided(one: Wave, other: Wave, times: float) -> bool:
    """Return whether one of two powers is so many times the other, always the same one, throughout."""
    whole = len(one) // _PART * _PART
    powers = [np.median(power[:whole].reshape(-1, _PART), axis=1) for power in (one, other)]
    return any(np.mean(a > np.maximum(times * b, 1.0)) > 0.6 for a, b in permutations(powers))


def _is_mirrored(wave: Wave) -> bool:
    """Return whether the spectrum above a quarter of the rate mirrors that below it.

    It does when two different channels are read as one: each is sampled at half the rate, and folded.
    """
    frames = wave.reshape(-1, 2048) * np.hanning(2048).astype(np.float32)
    level = np.log(np.abs(np.fft.rfft(frames, axis=1)) ** 2 + 1.0).mean(axis=0)
    lower, upper = level[8:500], level[-9:-501:-1]
    window = np.ones(25) / 25
    fine = [part - np.convolve(part, window, "same") for part in (lower, upper)]
    return float(np.corrcoef(fine[0][12:-12], fine[1][12:-12])[0, 1]) > 0.4


def _is_periodic(wave: Wave) -> bool:
    """Return whether a block repeats itself: a tone takes only some values, at some positions."""
    wave = wave - wave.mean()
    half = len(wave) // 2
    spectrum = np.fft.rfft(wave, 2 * len(wave))
    head = np.fft.rfft(wave[:half], 2 * len(wave))
    products = np.fft.irfft(spectrum * head.conj())[: half + 1]
    energy = np.concatenate(([0.0], np.cumsum(np.square(wave, dtype=np.float64))))
    later = energy[half : 2 * half + 1] - energy[: half + 1]
    alike = products / np.sqrt(np.maximum(energy[half] * later, 1.0))
    beyond = np.argmax(alike < 0.5)  # Anything smooth resembles itself a moment later.
    return bool(beyond and alike[beyond:].max() > _PERIODIC)


def _power(wave: Wave) -> float:
    return float(np.dot(wave, wave)) / len(wave)


def _roughness(values: NDArray[np.generic]) -> float:
    """Return how far apart neighbours are: 0 is smooth, 1 noise, 2 an alternation."""
    wave = values.astype(np.float32)
    spread = _power(wave - wave.mean())
    return _power(np.diff(wave)) / (2 * spread) if spread else 2.0


def _mu_law(code: int) -> int:
    code ^= 0xFF
    level = (((code & 15) << 3) + 132 << (code >> 4 & 7)) - 132
    return -level if code & 0x80 else level


def _a_law(code: int) -> int:
    code ^= 0x55
    mantissa, exponent = (code & 15) << 4, code >> 4 & 7
    level = mantissa + 8 if exponent == 0 else mantissa + 264 << exponent - 1
    return level if code & 0x80 else -level


MU_LAW = np.array([_mu_law(code) for code in range(256)], np.float32)
A_LAW = np.array([_a_law(code) for code in range(256)], np.float32)
"""The sample that each code of μ-law and A-law means."""
