"""Speech at 44.1 or 48 kHz that is read at 16 kHz is told; what was recorded at 16 kHz never."""

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.audio_encodings import as_pcm
from bench.audio_rates import doubted, is_told
from bench.audio_sources import recordings
from tests.support.samples import audio
from voicechat_common.audio import SAMPLE_RATE, Resampler, Samples
from voicechat_server.asr.audio_check.rate_check import LOUD_WINDOWS, RateCheck
from voicechat_server.asr.vad.state import WINDOW_SAMPLES

Wave = NDArray[np.float32]


def recorded_at(rate: int, name: str = "talk") -> Samples:
    resampler = Resampler(SAMPLE_RATE, rate)
    return np.concatenate((resampler.process(audio(name)), resampler.finish()))


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("level", [0.2, 1.0, 4.0])
def test_speech_at_a_higher_rate_is_told(rate: int, level: float) -> None:
    wave = recorded_at(rate).astype(np.float32) / np.float32(32_768)
    assert is_told(as_pcm(wave * np.float32(level)))


@pytest.mark.parametrize("name", ["talk", "complaint", "phone"])
def test_speech_at_16_khz_is_not(name: str) -> None:
    assert not is_told(np.resize(audio(name), 20 * SAMPLE_RATE))


def test_honest_streams_of_any_sort_are_not() -> None:
    assert sum(doubted(recordings(None), 20, seed) for seed in (1, 2, 4)) == 0


def syllables(windows: int, depth: float = 1.0) -> Wave:
    """Return a hum whose level rises and falls as that of speech does that is a third as fast."""
    seconds = np.arange(windows * WINDOW_SAMPLES, dtype=np.float32) / SAMPLE_RATE
    level = 1 - depth * 0.45 * (1 + np.sin(2 * np.pi * seconds * 4 / 3))
    return np.asarray(0.2 * level * np.sin(2 * np.pi * 60 * seconds), np.float32)


def look(check: RateCheck, wave: Wave, probability: float = 0.0) -> None:
    check.look(wave, np.full(len(wave) // WINDOW_SAMPLES, probability, np.float32))


def is_told_of(wave: Wave, speech_of_ten: int) -> bool:
    """Return what is told of audio that is speech only when it is faster, so many windows out of ten."""
    check, answers, at = RateCheck(), [], 0
    look(check, wave)
    while len(tried := check.windows(1)):
        numbers = np.arange(at, at + len(tried) // WINDOW_SAMPLES)
        answers.append(check.judge((numbers % 10 < speech_of_ten).astype(np.float32)))
        at += len(numbers)
    assert check.is_over
    return any(answers)


def test_what_is_speech_only_when_it_is_faster_is_told() -> None:
    assert is_told_of(syllables(LOUD_WINDOWS), speech_of_ten=9)


def test_what_is_hardly_speech_even_then_is_not() -> None:
    assert not is_told_of(syllables(LOUD_WINDOWS), speech_of_ten=6)


def test_a_tone_that_is_taken_for_speech_when_it_is_faster_is_not() -> None:
    """The level of tunes and tones doesn't rise and fall as that of speech does."""
    assert not is_told_of(syllables(LOUD_WINDOWS, depth=0.0), speech_of_ten=10)


def test_pauses_are_not_looked_at() -> None:
    check = RateCheck()
    look(check, np.zeros(3 * LOUD_WINDOWS * WINDOW_SAMPLES, np.float32))
    assert not len(check.windows(100))
    look(check, syllables(LOUD_WINDOWS))
    assert len(check.windows(100))


def test_what_is_speech_as_it_came_is_never_tried() -> None:
    check = RateCheck()
    look(check, syllables(LOUD_WINDOWS // 2), probability=0.9)
    assert check.is_over
    look(check, syllables(LOUD_WINDOWS))
    assert not len(check.windows(100))


@pytest.mark.parametrize(("most", "tried"), [(1, 16), (16, 16), (40, 40), (1000, LOUD_WINDOWS // 3)])
def test_few_windows_are_tried_in_one_go(most: int, tried: int) -> None:
    check = RateCheck()
    look(check, syllables(LOUD_WINDOWS))
    assert len(check.windows(most)) == tried * WINDOW_SAMPLES


def test_no_more_is_tried_once_the_answer_is_known() -> None:
    check = RateCheck()
    look(check, syllables(LOUD_WINDOWS))
    assert not check.judge(np.zeros(LOUD_WINDOWS // 6, np.float32))
    assert check.is_over
    assert not len(check.windows(100))
