"""The live line of a terminal, and what happens on consoles that lack Chinese."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from tests.support.terminal import terminal
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.printable import printable
from voicechat_tui.console.live_line import clock, keep_right, live_line
from voicechat_tui.console.screen import Screen, make_printable


def dim_part(line: Text) -> str:
    return "".join(line.plain[span.start : span.end] for span in line.spans if span.style == "dim")


def test_the_settled_part_is_normal_and_the_tail_dim() -> None:
    line = live_line("你好欢迎使用", 4, 80)
    assert line.plain == "你好欢迎使用"
    assert dim_part(line) == "使用"


def test_a_long_text_shows_its_end() -> None:
    line = live_line("我的电话号码是一三五零", 9, 11)
    assert line.plain == "…是一三五零"
    assert line.cell_len == 11
    assert dim_part(line) == "…五零"


@given(text=st.text(), settled=st.integers(0, 50), width=st.integers(0, 60), prefix=st.text(max_size=20))
def test_the_line_never_exceeds_its_width(text: str, settled: int, width: int, prefix: str) -> None:
    line = live_line(text, settled, width, Text(printable(prefix)))
    assert cell_len(line.plain) <= width
    assert not set(line.plain) & set("\n\r\x1b\b\x07")


@given(text=st.text(alphabet="a你好é", max_size=40), width=st.integers(0, 40))
def test_as_much_is_kept_as_fits(text: str, width: int) -> None:
    kept = keep_right(text, width)
    assert text.endswith(kept)
    assert cell_len(kept) <= width
    if kept != text:
        assert cell_len(text[len(text) - len(kept) - 1 :]) > width


def test_a_prefix_gives_way_on_a_narrow_terminal() -> None:
    assert live_line("你好", 0, 30, Text("anna: ")).plain == "anna: 你好"
    assert live_line("你好", 0, 8, Text("anna: ")).plain == "你好"


def test_a_text_can_not_drive_the_terminal() -> None:
    assert printable("a\x1b[2Jb\nc\u2028d\te") == "a [2Jb c d e"


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (59.9, "0:59"), (75, "1:15"), (3600, "60:00")])
def test_clock(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


ERASE = "\r\x1b[2K"


async def test_the_live_line_gives_way_to_data_and_notes() -> None:
    out, err = io.StringIO(), terminal()
    screen = Screen(out, err)
    screen.live(Text("你"))
    screen.live(Text("你好"))
    await screen.data("你好。")
    screen.note("done")
    assert err.getvalue() == f"{ERASE}你{ERASE}你好{ERASE}done\n"
    assert out.getvalue() == "你好。\n"


async def test_without_a_terminal_there_is_no_live_line_and_no_colour() -> None:
    out, err = io.StringIO(), io.StringIO()
    screen = Screen(out, err)
    screen.live(Text("你", style="dim"))
    screen.error(VoicechatError(ErrorCode.BAD_AUDIO_FILE, "It is no audio.", "Choose another."))
    await screen.data("x")
    assert err.getvalue() == "error: It is no audio.\n       Choose another.\n"


def test_a_long_note_is_not_broken_into_lines() -> None:
    err = io.StringIO()
    Screen(io.StringIO(), err).note("word " * 60)
    assert err.getvalue().count("\n") == 1


def test_a_note_is_no_markup() -> None:
    err = io.StringIO()
    Screen(io.StringIO(), err).note("take[1].wav [bold]:smile:")
    assert err.getvalue() == "take[1].wav [bold]:smile:\n"


def test_no_color_takes_the_colours_and_leaves_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    err = terminal()
    Screen(io.StringIO(), err).error(VoicechatError(ErrorCode.INTERNAL, "Broken.", "Look."))
    assert "\x1b[1merror: " in err.getvalue()
    assert "\x1b[31" not in err.getvalue()
    assert "\x1b[1;31" not in err.getvalue()


def test_a_dumb_terminal_gets_no_live_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    err = terminal()
    Screen(io.StringIO(), err).live(Text("你好"))
    assert err.getvalue() == ""


def test_the_bar_keeps_its_width_and_shows_its_share_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    bars = [Screen(io.StringIO(), terminal()).bar(share / 8) for share in range(9)]
    assert {bar.cell_len for bar in bars} == {16}
    assert [len(bar.plain.rstrip()) for bar in bars] == [0, 2, 4, 6, 8, 10, 12, 14, 16]


@pytest.mark.parametrize(
    ("encoding", "utf8", "written"),
    [
        ("gbk", False, "语?".encode("gbk")),
        ("gbk", True, "语😀".encode()),
        ("ascii", False, "语😀".encode()),
        ("cp1252", False, "语😀".encode()),
        ("utf-8", False, "语😀".encode()),
    ],
)
def test_no_console_can_be_crashed_by_text(encoding: str, utf8: bool, written: bytes) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    make_printable(stream, utf8=utf8)
    stream.write("语😀")
    stream.flush()
    assert raw.getvalue() == written


def test_a_stream_that_is_no_console_is_left_alone() -> None:
    make_printable(io.StringIO(), utf8=True)
