"""PCM framing, conversion and resampling."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicechat_common.audio import (
    Resampler,
    SampleFramer,
    Samples,
    bytes_of,
    milliseconds,
    samples_of,
    to_int16,
)


def tone(rate: int, seconds: float, hertz: float = 440.0) -> Samples:
    return to_int16(
        0.5 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate).astype(np.float32)
    )


@given(pcm=st.binary(max_size=400), cuts=st.lists(st.integers(0, 400), max_size=20))
def test_framing_gives_the_same_samples_for_any_packets(pcm: bytes, cuts: list[int]) -> None:
    framer = SampleFramer()
    bounds = [0, *sorted(cuts), len(pcm)]
    parts = [framer.push(pcm[a:b]) for a, b in itertools.pairwise(bounds) if a <= b]
    whole = len(pcm) - len(pcm) % 2
    assert bytes_of(np.concatenate(parts)) == pcm[:whole]
    assert framer.odd_bytes == len(pcm) % 2


def test_pcm_is_little_endian() -> None:
    assert samples_of(b"\x01\x00\x00\x80").tolist() == [1, -32768]
    assert bytes_of(np.array([1, -32768], np.int16)) == b"\x01\x00\x00\x80"


def test_float_conversion_clips_and_silences_what_is_no_number() -> None:
    wave = np.array([0.0, 0.5, 1.0, -1.0, 3.0, -3.0, np.nan, np.inf, -np.inf], np.float32)
    assert to_int16(wave).tolist() == [0, 16384, 32767, -32768, 32767, -32768, 0, 32767, -32768]


@pytest.mark.parametrize(
    ("samples", "rate", "expected"), [(0, 16_000, 0), (16_000, 16_000, 1000), (11, 22_050, 0)]
)
def test_milliseconds(samples: int, rate: int, expected: int) -> None:
    assert milliseconds(samples, rate) == expected


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("block", [1, 77, 1600, 100_000])
def test_resampling_does_not_depend_on_the_blocks(rate: int, block: int) -> None:
    samples = tone(rate, 0.3)
    whole = Resampler(rate)
    expected = np.concatenate([whole.process(samples), whole.finish()])
    cut = Resampler(rate)
    parts = [cut.process(samples[at : at + block]) for at in range(0, len(samples), block)]
    result = np.concatenate([*parts, cut.finish()])
    assert len(result) == round(len(samples) * 16_000 / rate)
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_resampling_keeps_the_sound(rate: int) -> None:
    resampler = Resampler(rate)
    result = np.concatenate([resampler.process(tone(rate, 1.0)), resampler.finish()])
    inner = slice(800, -800)
    difference = result[inner].astype(int) - tone(16_000, 1.0)[inner].astype(int)
    assert np.abs(difference).max() <= 4


def test_an_equal_rate_passes_samples_through_exactly() -> None:
    samples = np.arange(-500, 500, dtype=np.int16)
    resampler = Resampler(16_000)
    assert resampler.process(samples) is samples
    assert len(resampler.finish()) == 0
