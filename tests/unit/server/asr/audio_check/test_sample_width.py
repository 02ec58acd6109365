"""8-bit samples that were declared as 16-bit ones are noticed, and nothing else is taken for them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.samples import SENTENCES, audio, packets, pcm, silence
from voicechat_common.audio import SampleFramer, samples_of
from voicechat_server.asr.audio_check.sample_width import WidthCheck

LARGEST_FRAME = 8 * 2**20
"""Bytes, as the server's default."""


def verdicts(data: bytes, size: int = 3200) -> int:
    """How often a stream is called 8-bit."""
    check, framer = WidthCheck(), SampleFramer()
    return sum(check.is_eight_bit(framer.push(packet)) for packet in packets(data, size))


def unsigned(samples: NDArray[np.int16]) -> bytes:
    return (samples // 256 + 128).astype(np.uint8).tobytes()


def signed(samples: NDArray[np.int16]) -> bytes:
    return (samples // 256).astype(np.int8).tobytes()


@pytest.mark.parametrize("size", [1, 3200, 1_000_000])
def test_unsigned_8_bit_speech_is_noticed_once(size: int) -> None:
    assert verdicts(unsigned(audio("talk")), size) == 1


def test_unsigned_8_bit_silence_is_noticed() -> None:
    assert verdicts(bytes([128]) * 32_000) == 1


@pytest.mark.parametrize("size", [3200, 1_000_000])
def test_signed_8_bit_speech_is_noticed(size: int) -> None:
    assert verdicts(signed(np.tile(audio("talk"), 3)), size) == 1


@pytest.mark.parametrize("name", [*SENTENCES, "talk"])
@pytest.mark.parametrize("gain", [0.02, 1.0, 20.0])
def test_16_bit_speech_of_any_loudness_is_not_taken_for_it(name: str, gain: float) -> None:
    loud = np.clip(np.rint(audio(name) * gain), -32_768, 32_767).astype("<i2")
    assert verdicts(loud.tobytes()) == 0


def test_16_bit_speech_that_once_had_8_bits_is_not_taken_for_it() -> None:
    assert verdicts((audio("talk") // 256 * 256).astype("<i2").tobytes()) == 0


def test_silence_and_noise_are_not_taken_for_it() -> None:
    noise = np.random.default_rng(3).integers(-32_768, 32_767, 64_000).astype("<i2").tobytes()
    assert verdicts(silence(5)) == verdicts(noise) == 0


def test_only_the_beginning_of_a_stream_is_looked_at() -> None:
    check = WidthCheck()
    for packet in packets(pcm("talk"), 3200):
        check.is_eight_bit(samples_of(packet))
    is_noticed = check.is_eight_bit(samples_of(unsigned(audio("talk"))[:100_000]))
    assert not is_noticed


def test_of_a_large_frame_no_more_than_two_seconds_are_looked_at() -> None:
    """All streams wait meanwhile."""
    check = WidthCheck()
    assert not check.is_eight_bit(samples_of(bytes(LARGEST_FRAME)))
    assert 16_000 < check._seen <= 32_000


def test_a_stream_that_stays_silent_is_not_looked_at_for_ever() -> None:
    check = WidthCheck()
    for packet in packets(silence(70), 3200):
        check.is_eight_bit(samples_of(packet))
    is_noticed = check.is_eight_bit(samples_of(unsigned(audio("talk"))[:100_000]))
    assert not is_noticed
