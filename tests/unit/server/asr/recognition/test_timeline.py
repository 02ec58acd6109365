"""Audio by position, against the plain array it stands for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from voicechat_server.asr.recognition.timeline import Timeline


def numbers(begin: int, end: int) -> NDArray[np.float32]:
    return np.arange(begin, end, dtype=np.float32)


STEPS = st.lists(st.tuples(st.integers(0, 50), st.floats(0, 1), st.floats(0, 1)), max_size=30)
"""Samples appended, how far is forgotten, where reading begins: as parts of what is there."""


@given(STEPS)
def test_a_stretch_is_read_as_it_was_appended(steps: list[tuple[int, float, float]]) -> None:
    timeline = Timeline()
    for count, forgotten, first in steps:
        timeline.append(numbers(timeline.end, timeline.end + count))
        position = timeline.begin + int(forgotten * (timeline.end - timeline.begin))
        timeline.forget_before(position)
        assert timeline.begin == position
        begin = position + int(first * (timeline.end - position))
        assert timeline.read(begin, timeline.end).tolist() == numbers(begin, timeline.end).tolist()


def test_what_was_read_stays_when_it_is_forgotten() -> None:
    timeline = Timeline()
    timeline.append(numbers(0, 10))
    read = timeline.read(2, 6)
    timeline.forget_before(9)
    timeline.append(numbers(10, 20))
    assert read.tolist() == [2, 3, 4, 5]


def test_all_can_be_forgotten_and_more_appended() -> None:
    timeline = Timeline()
    timeline.append(numbers(0, 10))
    timeline.forget_before(10)
    timeline.append(numbers(10, 12))
    assert timeline.read(10, 12).tolist() == [10, 11]


@pytest.mark.parametrize(("begin", "end"), [(1, 5), (5, 12), (6, 5), (-3, 5)])
def test_what_is_not_there_is_refused(begin: int, end: int) -> None:
    timeline = Timeline()
    timeline.append(numbers(0, 10))
    timeline.forget_before(2)
    with pytest.raises(IndexError):
        timeline.read(begin, end)
