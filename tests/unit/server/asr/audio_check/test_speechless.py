"""Loud audio without speech is noticed once; quiet audio, and audio with speech in it, never."""

import numpy as np
import pytest
from numpy.typing import NDArray

from voicechat_server.asr.audio_check.speechless import LOUD_S, SpeechlessCheck
from voicechat_server.asr.config import SAMPLE_RATE
from voicechat_server.asr.vad.state import WINDOW_SAMPLES

WINDOWS = LOUD_S * SAMPLE_RATE // WINDOW_SAMPLES


def times_told(level: float, probabilities: NDArray[np.float32], together: int = 6) -> int:
    check = SpeechlessCheck()
    told = 0
    for at in range(0, len(probabilities), together):
        part = probabilities[at : at + together]
        told += check.is_speechless(np.full(len(part) * WINDOW_SAMPLES, level, np.float32), part)
    return told


def without_speech(count: int) -> NDArray[np.float32]:
    return np.full(count, 0.1, np.float32)


@pytest.mark.parametrize("together", [1, 6, 64, 5000])
def test_a_minute_of_loud_audio_without_speech_is_told_once(together: int) -> None:
    assert times_told(0.1, without_speech(3 * WINDOWS), together) == 1


def test_less_is_not_told() -> None:
    assert times_told(0.1, without_speech(WINDOWS - 1)) == 0


def test_quiet_audio_is_never_told() -> None:
    assert times_told(0.005, without_speech(20 * WINDOWS)) == 0


def test_a_window_that_looks_like_speech_by_chance_does_not_hide_it() -> None:
    probabilities = without_speech(WINDOWS)
    probabilities[::200] = 0.9
    assert times_told(0.1, probabilities) == 1


def test_a_few_words_among_noise_are_speech_for_good() -> None:
    probabilities = without_speech(5 * WINDOWS)
    probabilities[100:140] = 0.9
    assert times_told(0.1, probabilities) == 0
