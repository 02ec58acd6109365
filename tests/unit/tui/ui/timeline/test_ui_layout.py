"""Rows of a conversation as lines of the screen."""

import unicodedata
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.support.staged import NOW
from voicechat_tui.client.chat.timeline import EntryState
from voicechat_tui.ui.model.conversation import Row
from voicechat_tui.ui.timeline.layout import Line, height, layout

ROW = Row("m1", "bob", own=False, at=NOW, text="Good morning", settled=12)
LATER = replace(ROW, key="m2", text="again", at=NOW + timedelta(minutes=1))


def text_of(line: Line) -> str:
    return "".join(span.text for span in line)


def test_a_wide_screen_has_time_and_name_in_columns() -> None:
    day, line = layout(ROW, None, 80)
    assert "2026-11-24" in text_of(day)
    assert text_of(line) == " 14:05          bob │ Good morning"


def test_a_narrow_screen_has_time_and_name_in_a_line_of_their_own() -> None:
    assert [text_of(line) for line in layout(ROW, None, 50)][1:] == [" bob  14:05", " │ Good morning"]


def test_the_same_speaker_is_named_once() -> None:
    assert text_of(layout(LATER, ROW, 80)[0]) == " 14:06              │ again"
    assert [text_of(line) for line in layout(LATER, ROW, 50)] == [" │ again"]


def test_another_speaker_and_a_long_pause_are_named() -> None:
    other = replace(LATER, speaker="carol")
    pause = replace(LATER, at=NOW + timedelta(minutes=6))
    assert "carol" in text_of(layout(other, ROW, 80)[0])
    assert "bob" in text_of(layout(pause, ROW, 80)[0])


def test_another_day_begins_with_its_date() -> None:
    tomorrow = replace(LATER, at=NOW + timedelta(days=1))
    assert "2026-11-25" in text_of(layout(tomorrow, ROW, 80)[0])


@pytest.mark.parametrize(
    ("row", "sign"),
    [
        (LATER, "│"),
        (replace(LATER, spoken=True), "┃"),
        (replace(LATER, state=EntryState.SPOKEN), "●"),
        (replace(LATER, state=EntryState.WAITING), "…"),
        (replace(LATER, state=EntryState.REFUSED), "✗"),
    ],
)
def test_a_sign_tells_where_a_text_stands(row: Row, sign: str) -> None:
    assert sign in text_of(layout(row, ROW, 80)[0])


def test_what_may_still_change_is_in_another_style() -> None:
    speaking = replace(LATER, text="so the first", settled=6, state=EntryState.SPOKEN)
    spans = layout(speaking, ROW, 80)[0][-2:]
    assert [(span.text, span.style) for span in spans] == [("so the", "text"), (" first", "tail")]


def test_a_tab_takes_the_room_that_is_counted_for_it() -> None:
    row = replace(LATER, text="\tif x:\n\t\treturn 一\t二")
    texts = [line[-1].text for line in layout(row, ROW, 80)]
    assert texts == ["    if x:", "        return 一    二"]
    long = replace(LATER, text="\t".join(["word"] * 20))
    assert height(long, ROW, 80) == 3


def test_a_partial_with_a_tab_is_settled_up_to_the_same_word() -> None:
    speaking = replace(LATER, text="one\ttwo three", settled=7, state=EntryState.SPOKEN)
    spans = layout(speaking, ROW, 80)[0][-2:]
    assert [(span.text, span.style) for span in spans] == [("one    two", "text"), (" three", "tail")]


def test_the_final_text_takes_the_place_of_the_last_partial_without_a_jump() -> None:
    text = "我们今天先讨论网络的问题，再讨论下个月的计划，最后看一看大家还有什么别的事情要说。"
    speaking = replace(LATER, text=text, settled=10, state=EntryState.SPOKEN)
    final = replace(speaking, settled=len(text), state=EntryState.STORED, spoken=True)
    for width in (120, 80, 50):
        assert height(speaking, ROW, width) == height(final, ROW, width)


@example("a\tb\x1b[2J\r\u2028c\n\td", 40, EntryState.SPOKEN, False)
@given(st.text(max_size=80), st.integers(20, 130), st.sampled_from(EntryState), st.booleans())
def test_the_height_is_the_number_of_lines_and_none_leaves_its_place(
    text: str, width: int, state: EntryState, first: bool
) -> None:
    row = replace(LATER, text=text, settled=len(text) // 2, state=state)
    previous = None if first else ROW
    lines = layout(row, previous, width)
    assert len(lines) == height(row, previous, width)
    assert all(cell_len(text_of(line)) <= width for line in lines)
    assert not {"Cc", "Zl", "Zp"} & {unicodedata.category(char) for line in lines for char in text_of(line)}
