"""The line of state, in words, on wide and narrow screens."""

from dataclasses import replace

import pytest
from rich.cells import cell_len

from voicechat_common.levels import Level
from voicechat_tui.ui.model.status import GAP, Line, Mic, Status, meter, parts

OPEN = Status(
    line=Line.CONNECTED,
    mic=Mic.OPEN,
    device="USB Audio Device",
    level=Level(-18.0, -12.0, clipped=False),
    network_ms=23.4,
    lag_ms=310.0,
)


def said(status: Status, width: int, now: float = 0.0) -> list[str]:
    return [part.text.strip() for part in parts(status, now, width)]


def test_a_wide_line_says_everything() -> None:
    assert said(OPEN, 120) == [
        "● connected",
        "● MIC OPEN USB Audio Device",
        "▮▮▮▮▮▮▮▏▯▯ -18 dB",
        "net 23 ms",
        "lag 310 ms",
    ]


def test_what_matters_most_stays_on_a_narrow_line() -> None:
    assert said(OPEN, 30) == ["● on", "● MIC OPEN", "-18 dB"]


@pytest.mark.parametrize("width", range(30, 130))
def test_the_line_never_is_too_long(width: int) -> None:
    line = parts(replace(OPEN, level=Level(0.0, 0.0, clipped=True)), 0.0, width)
    assert sum(cell_len(part.text) for part in line) + GAP * (len(line) - 1) <= width


def test_clipping_is_a_word() -> None:
    assert "CLIP" in said(replace(OPEN, level=Level(0.0, 0.0, clipped=True)), 120)[2]


def test_a_countdown_tells_when_the_next_attempt_is_due() -> None:
    assert said(Status(Line.RETRYING, retry_at=12.0), 80, now=8.5)[0] == "○ retrying in 4 s"


@pytest.mark.parametrize(
    ("mic", "text"),
    [
        (Mic.OFF, "mic off"),
        (Mic.OPENING, "◌ opening microphone"),
        (Mic.MUTED, "⊘ MUTED USB Audio Device"),
        (Mic.ABSENT, "✗ no microphone"),
        (Mic.LOST, "✗ microphone lost"),
    ],
)
def test_every_state_of_the_microphone_is_said_in_words(mic: Mic, text: str) -> None:
    assert said(replace(OPEN, mic=mic), 120)[1] == text


@pytest.mark.parametrize(
    ("peak", "hold", "bar"),
    [
        (-96.0, -96.0, "▯▯▯▯▯▯▯▯▯▯"),
        (-30.0, -30.0, "▮▮▮▮▮▯▯▯▯▯"),
        (-30.0, -6.0, "▮▮▮▮▮▯▯▯▏▯"),
        (0.0, 0.0, "▮▮▮▮▮▮▮▮▮▮"),
    ],
)
def test_the_meter(peak: float, hold: float, bar: str) -> None:
    assert meter(Level(peak, hold, clipped=False)) == bar
