"""Cells: measured one by one, drawn one by one, and the same for every part of a text."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich import cells
from rich.segment import Segment
from textual.color import Color

from voicechat_tui.ui.appearance.cells import OneByOne, measure_one_by_one

SEQUENCES = {
    "keycap": "1️⃣",
    "emoji by a selector": "❤️",
    "text by a selector": "⌚︎☺︎",
    "family": "👨‍👩‍👧",
    "skin tone": "👍🏽",
    "flag": "🇩🇪",
    "flag by tags": "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "combining": "e\u0301",
    "Sinhala joiner": "ශ්‍ර",
    "soft hyphen": "hy\xadphen",
    "invisible": "\ufeffa\u200bb\u2060",
    "wide": "早上好",
}


@pytest.fixture(scope="module", autouse=True)
def _one_by_one() -> Iterator[None]:
    before = cells._cell_len, cells.split_graphemes
    measure_one_by_one()
    yield
    cells._cell_len, cells.split_graphemes = before
    cells.cached_cell_len.cache_clear()


def drawn(text: str) -> str:
    return "".join(segment.text for segment in OneByOne().apply([Segment(text)], Color(0, 0, 0)))


@pytest.mark.parametrize("text", SEQUENCES.values(), ids=SEQUENCES)
def test_a_text_takes_as_many_cells_as_its_characters_and_as_what_is_drawn(text: str) -> None:
    size = cells.cell_len(text)
    assert size == sum(map(cells.cell_len, text))
    assert size == cells.cell_len(drawn(text))
    assert not set(drawn(text)) & set("\u200d\ufe0e\ufe0f\u200b\u2060\ufeff\xad🏽")


def test_what_has_a_meaning_of_its_own_is_drawn() -> None:
    assert drawn("1️⃣ ❤️ 👨‍👩‍👧 👍🏽 🇩🇪 e\u0301 早") == "1⃣ ❤ 👨👩👧 👍 🇩🇪 e\u0301 早"


@given(st.text(st.sampled_from("a1早\u0301❤\ufe0f👨\u200d👩🏽🇩\u20e3"), max_size=30), st.integers(0, 40))
def test_a_text_that_is_cut_keeps_its_cells(text: str, at: int) -> None:
    size = cells.cell_len(text)
    left, right = cells.split_text(text, min(at, size))
    assert cells.cell_len(left) + cells.cell_len(right) == size
    assert cells.cell_len(cells.set_cell_size(text, at)) == at
    assert all(cells.cell_len(line) <= 4 for line in cells.chop_cells(text, 4))
