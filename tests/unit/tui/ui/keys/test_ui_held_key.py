"""Presses of a key, and the repeats of one that is held down."""

from itertools import pairwise

import pytest

from voicechat_tui.ui.keys.turns import HeldKey


def told(*presses: tuple[str, float]) -> list[bool]:
    """What is told of keys that come at these seconds."""
    times = iter([at for _, at in presses])
    held = HeldKey(lambda: next(times))
    return [held.repeats(key) for key, _ in presses]


@pytest.mark.parametrize("delay_s", [0.2, 0.5, 0.66])
@pytest.mark.parametrize("every_s", [1 / 30, 1 / 11])
def test_a_held_key_is_pressed_once(delay_s: float, every_s: float) -> None:
    repeats = [("f2", delay_s + every_s * number) for number in range(75)]
    assert told(("f2", 0.0), *repeats) == [False, *[True] * 75]


def test_repeats_that_a_slow_line_delivers_together_are_repeats() -> None:
    bunched = [("f2", 0.5 + 0.4 * bunch) for bunch in range(5) for _ in range(12)]
    assert not any(later - sooner > 0.5 for (_, sooner), (_, later) in pairwise(bunched))
    assert told(("f2", 0.0), *bunched) == [False, *[True] * 60]


def test_two_presses_a_second_apart_are_two() -> None:
    assert told(("f2", 0.0), ("f2", 1.0), ("f2", 2.0)) == [False, False, False]


def test_a_click_in_between_makes_it_a_press() -> None:
    key = HeldKey(lambda: 0.0)
    assert not key.repeats("f2")
    key.released()
    assert not key.repeats("f2")
    assert key.repeats("f2")


def test_another_key_in_between_makes_it_a_press() -> None:
    assert told(("f2", 0.0), ("x", 0.01), ("f2", 0.02)) == [False, False, False]
