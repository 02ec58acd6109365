"""Comparison of expected and recognised text: error rate and a readable alignment."""

import unicodedata
from dataclasses import dataclass
from itertools import zip_longest

from rapidfuzz.distance import Levenshtein
from rich.cells import cell_len
from rich.text import Text

from voicechat_tui.language import _

_MARK = "^"
_GAP = "_"


def comparable(text: str) -> str:
    """Reduce a text to what is compared: no spaces, no punctuation, one case, one width."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if unicodedata.category(char)[0] not in "PZC")


def character_error_rate(expected: str, got: str) -> float:
    """Return the number of edits between two reduced texts per expected character."""
    if not expected:
        return float(bool(got))
    return Levenshtein.distance(expected, got) / len(expected)


@dataclass(frozen=True)
class Column:
    """One position of an alignment: what was expected and what was recognised; either may be empty."""

    expected: str
    got: str

    @property
    def width(self) -> int:
        """Cells of the wider side."""
        return max(cell_len(self.expected), cell_len(self.got))


def align(expected: str, got: str) -> list[Column]:
    """Align two texts with the fewest differences between them."""
    columns: list[Column] = []
    for code in Levenshtein.opcodes(expected, got):
        left = expected[code.src_start : code.src_end]
        right = got[code.dest_start : code.dest_end]
        columns += [Column(*pair) for pair in zip_longest(left, right, fillvalue="")]
    return columns


def diff(expected: str, got: str, width: int) -> Text:
    """Return two texts one above the other, with marks where they differ, wrapped to a width."""
    lines: list[Text] = []
    names = (_("expected"), _("got"), "")
    longest = max(cell_len(name) for name in names)
    labels = tuple(f"  {name}{' ' * (longest - cell_len(name))}  " for name in names)
    rows = [Text(label) for label in labels]
    for column in align(expected, got):
        if rows[0].cell_len + column.width > width and rows[0].cell_len > cell_len(labels[0]):
            lines += rows
            rows = [Text(label) for label in labels]
        same = column.expected == column.got
        rows[0].append(_cell(column.expected, column.width), style="" if same else "green")
        rows[1].append(_cell(column.got, column.width), style="" if same else "red")
        rows[2].append((" " if same else _MARK) * column.width)
    lines += rows
    for line in lines:
        line.rstrip()
    return Text("\n").join(line for line in lines if line.plain)


def _cell(char: str, width: int) -> str:
    return (char or _GAP * width) + " " * (width - (cell_len(char) if char else width))
