"""Wrapping of text to terminal cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from voicechat_tui.ui.timeline.wrap import wrap

MIXED = st.text(st.sampled_from("ab z,。！好的我们 \n"), max_size=60)


def lines(text: str, width: int) -> list[str]:
    return [text[begin:end] for begin, end in wrap(text, width)]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("", 10, [""]),
        ("short", 10, ["short"]),
        ("two words", 5, ["two", "words"]),
        ("three more words", 10, ["three more", "words"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("one\ntwo", 10, ["one", "two"]),
        ("one\n\ntwo", 10, ["one", "", "two"]),
        ("大家好我们", 4, ["大家", "好我", "们"]),
        ("大家好，我们", 6, ["大家", "好，我", "们"]),
        ("说hello吧", 6, ["说", "hello", "吧"]),
    ],
)
def test_lines_break_where_a_reader_expects_it(text: str, width: int, expected: list[str]) -> None:
    assert lines(text, width) == expected


@given(MIXED, st.integers(8, 40))
def test_no_line_is_too_wide_and_no_character_is_lost(text: str, width: int) -> None:
    found = wrap(text, width)
    assert all(cell_len(text[begin:end]) <= width for begin, end in found)
    shown = "".join(text[begin:end] for begin, end in found)
    assert shown.replace(" ", "") == text.replace(" ", "").replace("\n", "")
    assert found == sorted(found)
