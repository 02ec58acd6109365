"""The level meter: how it rises, holds and falls, and what it says of what it hears."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicechat_common.audio import Samples
from voicechat_common.levels import FLOOR_DB, Level, LevelMeter, Sound, decibels

RATE = 16_000
BLOCK = 320


def tone(amplitude: int, seconds: float = 1.0) -> Samples:
    angle = np.arange(round(RATE * seconds)) * 2 * np.pi * 440 / RATE
    wave: Samples = np.rint(amplitude * np.sin(angle)).astype(np.int16)
    return wave


def constant(value: int, seconds: float) -> Samples:
    return np.full(round(RATE * seconds), value, np.int16)


def noise(amplitude: int, seconds: float) -> Samples:
    values = np.random.default_rng(1).integers(-amplitude, amplitude + 1, round(RATE * seconds))
    return values.astype(np.int16)


def measured(*parts: Samples, block: int = BLOCK) -> list[Level]:
    meter = LevelMeter(RATE)
    stream = np.concatenate(parts)
    return [meter.push(stream[at : at + block]) for at in range(0, len(stream), block)]


@pytest.mark.parametrize(
    ("amplitude", "expected"), [(32_768, 0.0), (16_384, -6.02), (3_277, -20.0), (1, -90.31), (0, FLOOR_DB)]
)
def test_amplitudes_in_decibels(amplitude: int, expected: float) -> None:
    assert decibels(amplitude) == pytest.approx(expected, abs=0.01)


def test_the_peak_rises_at_once() -> None:
    assert measured(tone(16_384, 0.02))[-1].peak_db == pytest.approx(-6.02, abs=0.1)


def test_the_most_negative_sample_is_the_loudest() -> None:
    assert measured(constant(-32_768, 0.02))[-1].peak_db == 0.0


def test_the_peak_falls_20_db_in_1_7_seconds() -> None:
    levels = measured(tone(16_384, 0.02), constant(0, 1.7))
    assert levels[-1].peak_db == pytest.approx(levels[0].peak_db - 20, abs=0.01)


def test_the_peak_never_falls_below_the_floor() -> None:
    assert measured(tone(16_384, 0.1), constant(0, 20.0))[-1].peak_db == FLOOR_DB


def test_the_highest_peak_is_held_and_then_let_go() -> None:
    levels = measured(tone(16_384, 0.02), constant(0, 3.0))
    highest = levels[0].peak_db
    held = [level for level in levels if level.hold_db == highest]
    assert len(held) * BLOCK / RATE == pytest.approx(1.5, abs=0.03)
    assert levels[-1].hold_db == levels[-1].peak_db


@given(st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=50))
def test_a_hold_is_never_below_its_peak(values: list[int]) -> None:
    for level in measured(*(constant(value, 0.1) for value in values)):
        assert FLOOR_DB <= level.peak_db <= level.hold_db <= 0.0


def test_a_peak_only_falls_while_it_is_silent() -> None:
    levels = measured(constant(0, 2.0))
    assert all(after.peak_db <= before.peak_db for before, after in pairwise(levels))


@pytest.mark.parametrize(
    ("values", "clipped"),
    [
        ([32_767] * 3, True),
        ([-32_768] * 3, True),
        ([32_767, -32_768, 32_767], True),
        ([32_767] * 2, False),
        ([32_767, 0, 32_767, 0, 32_767], False),
        ([32_766] * 50, False),
    ],
)
def test_a_signal_is_cut_off_when_it_stays_at_full_scale(values: list[int], *, clipped: bool) -> None:
    assert LevelMeter(RATE).push(np.array([0, *values, 0], np.int16)).clipped is clipped


def test_clipping_is_seen_across_blocks() -> None:
    meter = LevelMeter(RATE)
    assert not meter.push(np.array([0, 32_767, 32_767], np.int16)).clipped
    assert meter.push(np.array([32_767, 0], np.int16)).clipped


def test_clipping_is_shown_for_two_seconds() -> None:
    levels = measured(constant(32_767, 0.02), constant(100, 3.0))
    shown = sum(level.clipped for level in levels)
    assert shown * BLOCK / RATE == pytest.approx(2.0, abs=0.03)
    assert not levels[-1].clipped


@pytest.mark.parametrize(
    ("audio", "sound"),
    [
        (constant(0, 2.9), Sound.NOTHING_YET),
        (constant(0, 3.1), Sound.ALL_ZERO),
        (noise(2, 3.1), Sound.QUIET),
        (noise(300, 0.1), Sound.SIGNAL),
    ],
)
def test_no_signal_is_told_from_a_quiet_room(audio: Samples, sound: Sound) -> None:
    assert measured(audio)[-1].sound is sound


def test_one_sample_that_is_not_zero_proves_a_live_microphone() -> None:
    assert measured(constant(0, 2.5), constant(1, 0.02), constant(0, 2.5))[-1].sound is Sound.QUIET


def test_a_pause_between_words_is_no_quiet_room() -> None:
    assert measured(tone(8_000, 1.0), noise(2, 1.5))[-1].sound is Sound.SIGNAL


def test_a_signal_that_was_all_zero_is_heard_at_once() -> None:
    assert measured(constant(0, 5.0), tone(8_000, 0.02))[-1].sound is Sound.SIGNAL


def test_an_empty_block_changes_nothing() -> None:
    meter = LevelMeter(RATE)
    before = meter.push(tone(8_000, 0.1))
    assert meter.push(np.zeros(0, np.int16)) == before


def test_another_microphone_begins_anew() -> None:
    meter = LevelMeter(RATE)
    meter.push(constant(32_767, 0.1))
    meter.reset()
    assert meter.level == Level()
    assert meter.push(constant(0, 0.02)) == Level()


@given(st.integers(1, 2_000), st.integers(1, 2_000))
def test_how_the_stream_is_cut_changes_little(first: int, second: int) -> None:
    parts = (tone(12_000, 0.2), constant(0, 1.0))
    by_first, by_second = measured(*parts, block=first)[-1], measured(*parts, block=second)[-1]
    assert by_first.peak_db == pytest.approx(by_second.peak_db, abs=1.6)
    assert by_first.clipped == by_second.clipped
