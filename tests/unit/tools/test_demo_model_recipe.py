"""The demo model's recipe and what ships of it: corpus, augmentation, size and tokens of the model."""

import json
from importlib.resources import files
from itertools import islice
from random import Random

import numpy as np
import pytest

from tools.demo_model import augmentation, corpus

MODEL = files("voicechat_server.asr") / "demo_model"
LARGEST_MODEL = 12_000_000
SAMPLE_RATE = augmentation.SAMPLE_RATE


def tone(hertz: float, seconds: float = 1.0) -> augmentation.Waveform:
    moments = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.5 * np.sin(2 * np.pi * hertz * moments)).astype(np.float32)


def power(samples: augmentation.Waveform) -> float:
    return float(np.mean(samples.astype(np.float64) ** 2))


def test_a_seed_gives_one_series_of_sentences() -> None:
    first, again, other = (list(islice(corpus.sentences(seed), 200)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_every_sentence_can_be_spelt_and_is_short_enough() -> None:
    known = set(corpus.characters())
    for text in islice(corpus.sentences(3), 5_000):
        assert set(text) <= known
        assert 0 < len(text) <= corpus.MAX_CHARACTERS


def test_the_grammar_needs_every_character_it_lists() -> None:
    drawn = set("".join(islice(corpus.sentences(4), 40_000)))
    assert drawn == set(corpus.characters())


def test_the_tokens_are_those_of_the_shipped_model() -> None:
    shipped = json.loads((MODEL / "tokens.json").read_text(encoding="utf-8"))
    assert corpus.tokens() == shipped


@pytest.mark.parametrize(
    ("value", "spelt"),
    [
        (1, "一"),
        (10, "十"),
        (12, "十二"),
        (40, "四十"),
        (99, "九十九"),
        (100, "一百"),
        (105, "一百零五"),
        (112, "一百一十二"),
    ],
)
def test_numbers_are_spelt_as_they_are_counted(value: int, spelt: str) -> None:
    assert corpus.number(value) == spelt


def test_the_samples_say_only_what_the_model_can_spell() -> None:
    transcripts = json.loads((MODEL / "samples" / "transcripts.json").read_text(encoding="utf-8"))
    assert len(transcripts) == 11
    assert set("".join("".join(text) for text in transcripts.values())) <= set(corpus.characters())
    for name in transcripts:
        assert (MODEL / "samples" / f"{name}.wav").is_file()


def test_the_model_is_small_enough_to_ship() -> None:
    assert 0 < len((MODEL / "model.pt").read_bytes()) < LARGEST_MODEL


def test_noise_has_the_wanted_power_and_belongs_to_its_seed() -> None:
    clean = tone(440)
    noisy = augmentation.add_noise(clean, snr_db=20, slope=0.4, seed=5)
    assert power(clean) / power(noisy - clean) == pytest.approx(100, rel=0.01)
    assert np.array_equal(noisy, augmentation.add_noise(clean, snr_db=20, slope=0.4, seed=5))
    assert not np.array_equal(noisy, augmentation.add_noise(clean, snr_db=20, slope=0.4, seed=6))


def test_a_telephone_keeps_low_tones_and_loses_high_ones() -> None:
    assert power(augmentation.through_rate(tone(1_000), 8_000)) == pytest.approx(power(tone(1_000)), rel=0.02)
    assert power(augmentation.through_rate(tone(6_000), 8_000)) < 1e-4 * power(tone(6_000))


@pytest.mark.parametrize("rate", augmentation.OTHER_RATES)
def test_another_rate_keeps_the_duration(rate: int) -> None:
    assert abs(len(augmentation.through_rate(tone(300), rate)) - SAMPLE_RATE) <= 2


def test_quantising_clips_and_leaves_what_is_quantised_alone() -> None:
    once = augmentation.quantise(np.array([0.1, 1.5, -1.5], np.float32))
    assert np.array_equal(once, augmentation.quantise(once))
    assert once[1:].tolist() == [32767 / 32768, -1.0]


def test_an_echo_repeats_the_sound_later() -> None:
    click = np.zeros(SAMPLE_RATE, np.float32)
    click[0] = 1.0
    echoed = augmentation.add_echo(click, delay=0.05, strength=0.25)
    assert np.flatnonzero(echoed).tolist() == [0, 800]
    assert echoed[800] == 0.25


def test_silence_and_pauses_have_their_lengths() -> None:
    joined = augmentation.join_with_pauses([tone(200), tone(300)], [0.5])
    assert len(joined) == 2.5 * SAMPLE_RATE
    surrounded = augmentation.surround_with_silence(joined, 0.25, 0.125)
    assert len(surrounded) == 2.875 * SAMPLE_RATE
    assert not surrounded[: SAMPLE_RATE // 4].any()
    with pytest.raises(ValueError, match="zip"):
        augmentation.join_with_pauses([tone(200), tone(300)], [])


@pytest.mark.parametrize("severity", [augmentation.MILD, augmentation.HARSH])
def test_a_degraded_recording_is_playable_and_belongs_to_its_seed(severity: augmentation.Severity) -> None:
    speech = tone(250)
    for seed in range(30):
        heard = augmentation.degrade(speech, severity, Random(seed))
        assert heard.dtype == np.float32
        assert abs(len(heard) - len(speech)) <= 2
        assert np.abs(heard).max() <= 1.0
        assert np.array_equal(heard, augmentation.degrade(speech, severity, Random(seed)))
