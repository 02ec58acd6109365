"""Cells of the terminal: a character takes the same ones wherever it is measured and whoever draws it.

Some terminals draw a sequence of characters, such as a keycap or a family, as one sign of two cells, others
one by one; and Rich measures a text otherwise than the pieces into which a cursor cuts it. A frame behind
such a text is displaced. So nothing is a sequence here: what only joins or varies other characters is not
drawn, and each of the others is measured by itself. The text keeps everything: it is sent and copied as it
was written.
"""

import re

from rich import cells
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from voicechat_common.printable import DIRECTION_CONTROLS

# Joiners and other characters without width, variation selectors, skin tones, tags of flags; and what a
# terminal would obey, which nothing that is shown should have any more.
_UNDRAWN = re.compile(
    f"[\x00-\x1f\x7f-\x9f{DIRECTION_CONTROLS}\u2028\u2029\u206a-\u206f"
    "\u061c\u180e\u200b-\u200f\u2060-\u2064\ufe0e\ufe0f\ufeff\U0001f3fb-\U0001f3ff\U000e0000-\U000e007f]"
)
_SOFT_HYPHEN = "\xad"


class OneByOne(LineFilter):
    """Draws characters one by one, without what would make a sequence of them."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """Return the segments as they are drawn; they take as many cells as before."""
        return [
            segment
            if segment.text.isascii() and segment.text.isprintable()
            else Segment(_drawn(segment.text), segment.style, segment.control)
            for segment in segments
        ]


def _drawn(text: str) -> str:
    return _UNDRAWN.sub("", text).replace(_SOFT_HYPHEN, "-")


def measure_one_by_one() -> None:
    """Let Rich, and Textual with it, measure every character by itself. Rich has no setting for that."""
    if cells._cell_len is not _cell_len:
        cells._cell_len = _cell_len
        cells.split_graphemes = _split
        cells.cached_cell_len.cache_clear()


def _cell_len(text: str, unicode_version: str) -> int:
    if text.isascii() and text.isprintable():
        return len(text)
    return sum(cells.get_character_cell_size(character, unicode_version) for character in text)


def _split(text: str, unicode_version: str = "auto") -> tuple[list[cells.CellSpan], int]:
    """Return start, end and cells of each character with the zero-width ones after it, and the total."""
    spans: list[cells.CellSpan] = []
    for at, character in enumerate(text):
        size = cells.get_character_cell_size(character, unicode_version)
        if size or not spans:
            spans.append((at, at + 1, size))
        else:
            begin, _, before = spans[-1]
            spans[-1] = (begin, at + 1, before)
    return spans, sum(size for _, _, size in spans)
