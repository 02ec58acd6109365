"""The line of state, in words, on wide and narrow screens."""

from dataclasses import replace

import pytest
from rich.cells import cell_len

from voicechat_common.levels import Level
from voicechat_tui.ui.model.status import GAP, ConnectionState, Mic, Status, Waiting, meter, parts

OPEN = Status(
    connection=ConnectionState.CONNECTED,
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
    assert said(Status(ConnectionState.RETRYING, retry_at=12.0), 80, now=8.5)[0] == "○ retrying in 4 s"
    assert said(Status(ConnectionState.RETRYING, retry_at=12.0), 80, now=12.5)[0] == "○ retrying now"


NOT_READY = "The recogniser is not ready: Downloading the model (45% done)."
UNREACHABLE = "The server at ws://voice.example can't be reached: nothing listens there."


def test_what_waits_over_a_connection_is_said_with_its_reason_instead_of_a_lag() -> None:
    waits = replace(OPEN, speech=Waiting(since=0.0, retry_at=12.0, reason=NOT_READY))
    assert said(waits, 120, now=10.0) == [
        "● connected",
        "○ speech waits 2 s: Downloading the model (45% done)",
        "● MIC OPEN USB Audio Device",
        "▮▮▮▮▮▮▮▏▯▯ -18 dB",
    ]
    assert said(waits, 60, now=10.0)[:2] == ["● connected", "○ speech waits 2 s"]
    assert "○ speech waits" in said(waits, 40, now=10.0)


@pytest.mark.parametrize(("count", "text"), [(1, "○ 1 text waits"), (12, "○ 12 texts wait")])
def test_texts_that_wait_are_counted(count: int, text: str) -> None:
    waits = replace(OPEN, texts=Waiting(since=0.0, reason="The disk is full.", texts=count))
    assert said(waits, 120, now=10.0)[1] == f"{text}: The disk is full"


def test_an_outage_tells_its_reason_once_and_everything_that_waits() -> None:
    waiting = Waiting(since=0.0, retry_at=11.0, reason=UNREACHABLE, texts=2)
    away = replace(
        OPEN, connection=ConnectionState.RETRYING, retry_at=13.0, reason=UNREACHABLE, texts=waiting
    )
    line = said(replace(away, speech=replace(waiting, texts=0)), 160, now=10.0)
    assert line[:3] == ["○ retrying in 3 s: nothing listens there", "○ speech waits", "○ 2 texts wait"]


def test_what_is_on_its_usual_way_does_not_wait() -> None:
    sent = replace(OPEN, texts=Waiting(since=9.5, texts=1), speech=Waiting(since=9.5))
    assert said(sent, 120, now=10.0) == said(OPEN, 120, now=10.0)


@pytest.mark.parametrize("width", range(40, 130, 3))
def test_a_reason_takes_only_the_room_that_is_left(width: int) -> None:
    away = replace(
        OPEN, connection=ConnectionState.RETRYING, retry_at=13.0, reason="没有连接：" + "网络" * 40
    )
    line = parts(away, 10.0, width)
    assert sum(cell_len(part.text) for part in line) + GAP * (len(line) - 1) <= width


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
