"""Samples of another form are told for what they are; those of the right form never, whatever they carry."""

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.audio_encodings import ENCODINGS, as_pcm
from bench.audio_forms import honest, told
from bench.audio_sources import Audio, recordings
from tests.support.samples import audio, packets, silence
from voicechat_common.audio import Resampler, SampleFramer, Samples, samples_of
from voicechat_server.asr.audio_check.form_check import FormCheck
from voicechat_server.asr.audio_check.sample_form import BLOCK_SAMPLES, Form

NAMES: dict[Form, tuple[str, ...]] = {
    Form.FLOAT_32: ("float32", "float32 big-endian", "float32 up to 32768", "float32 of 16 bits"),
    Form.FLOAT_64: ("float64",),
    Form.BIG_ENDIAN: ("16-bit big-endian",),
    Form.UNSIGNED_16: ("16-bit unsigned",),
    Form.INT_24: ("24-bit", "24-bit big-endian"),
    Form.INT_32: ("32-bit", "32-bit big-endian"),
    Form.HALF_EMPTY: ("32-bit of 16 bits", "stereo, left silent", "stereo, right silent", "24-bit in 32"),
    Form.STEREO: ("stereo, both alike", "stereo, one softer", "stereo, one later", "stereo, two speakers"),
    Form.EIGHT_BIT: ("8-bit unsigned", "8-bit signed"),
    Form.MU_LAW: ("μ-law",),
    Form.A_LAW: ("A-law",),
}
EXPECTED = {name: form for form, names in NAMES.items() for name in names}
AS_WELL = {
    Form.MU_LAW: Form.EIGHT_BIT,
    Form.A_LAW: Form.EIGHT_BIT,
    Form.HALF_EMPTY: Form.INT_32,
    Form.STEREO: Form.HALF_EMPTY,
}
"""What they may be called too, and rightly so."""


@cache
def speech(rate: int, gain: float = 0.97) -> Audio:
    resampler = Resampler(16_000, rate)
    samples = np.concatenate((resampler.process(audio("talk")[:200_000]), resampler.finish()))
    return np.clip(samples / np.float32(32_768) * np.float32(gain), -1, 1)


def encoded(name: str, rate: int = 16_000, gain: float = 0.97) -> Samples:
    data = ENCODINGS[name](speech(rate, gain))
    return samples_of(data[: len(data) // 2 * 2])


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
@pytest.mark.parametrize("name", ENCODINGS)
def test_another_form_is_told_for_what_it_is(name: str, rate: int) -> None:
    assert told(encoded(name, rate)) in (EXPECTED[name], AS_WELL.get(EXPECTED[name], EXPECTED[name]))


@pytest.mark.parametrize("name", ["float32", "16-bit big-endian", "24-bit", "32-bit", "μ-law", "A-law"])
@pytest.mark.parametrize("gain", [0.1, 4.0])
def test_another_form_is_told_whether_soft_or_clipped(name: str, gain: float) -> None:
    assert told(encoded(name, gain=gain)) is not None


def test_streams_of_the_right_form_are_not_taken_for_another() -> None:
    assert set(honest(recordings(None), streams=40, seed=5)) == {"None"}


SHAPES: dict[str, Callable[[Audio], Audio]] = {
    "sine": np.sin,
    "square": lambda phase: np.sign(np.sin(phase)),
    "saw": lambda phase: phase / np.float32(np.pi) % 2 - 1,
    "pulses": lambda phase: (phase % (2 * np.pi) < 0.7).astype(np.float32),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("divisor", [2, 3, 4, 5, 6, 8, 10, 16, 20, 40, 320])
@pytest.mark.parametrize("hiss", [0.0, 1e-3])
def test_tones_that_divide_the_rate_are_not_taken_for_it(shape: str, divisor: int, hiss: float) -> None:
    phase = (np.arange(8 * BLOCK_SAMPLES) * np.float32(2 * np.pi) / np.float32(divisor)).astype(np.float32)
    noise = np.random.default_rng(divisor).normal(0, 1, len(phase)).astype(np.float32)
    for gain in (0.02, 0.5, 20.0):
        assert told(as_pcm((SHAPES[shape](phase) + np.float32(hiss) * noise) * np.float32(gain))) is None


@pytest.mark.parametrize("level", [-32_768, -16_384, -257, -1, 0, 1, 12_336, 16_384, 32_767])
def test_a_steady_level_is_not_taken_for_it(level: int) -> None:
    assert told(np.full(8 * BLOCK_SAMPLES, level, np.int16)) is None


def test_lost_packets_of_a_steady_level_are_not_taken_for_two_channels() -> None:
    kept = np.repeat(np.random.default_rng(1).random(400) > 0.2, 320)
    assert told((kept * 3000).astype(np.int16)) is None


def test_8_bit_speech_made_louder_is_not_taken_for_8_bit() -> None:
    eight = np.floor(speech(16_000) * 128) / 128
    assert told(as_pcm((eight * 1.995).astype(np.float32))) is None


@settings(max_examples=15, deadline=None)
@given(
    cuts=st.lists(st.integers(1, 150_000), max_size=30),
    name=st.sampled_from(["24-bit", "float64", "16-bit big-endian"]),
)
def test_how_the_stream_is_cut_makes_no_difference(cuts: list[int], name: str) -> None:
    data = encoded(name, 8_000).tobytes()[:150_000]
    check, framer = FormCheck(), SampleFramer()
    bounds = [0, *sorted(cuts), len(data)]
    found = [check.look(framer.push(data[a:b])) for a, b in pairwise(bounds)]
    assert [form for form in found if form is not None] == [EXPECTED[name]]


def test_only_the_beginning_of_a_stream_is_looked_at() -> None:
    check = FormCheck()
    for packet in packets(speech_pcm(), 3200):
        assert check.look(samples_of(packet)) is None
    assert check.look(encoded("float32")) is None


def speech_pcm() -> bytes:
    return as_pcm(np.tile(speech(16_000), 4)).tobytes()


def test_silence_before_it_does_not_hide_another_form() -> None:
    assert told(np.concatenate((samples_of(silence(60)), encoded("24-bit")))) is Form.INT_24


def test_recordings_named_by_an_option_are_used(tmp_path: Path) -> None:
    (tmp_path / "anna.wav").touch()
    assert tmp_path / "anna.wav" in recordings(tmp_path)
