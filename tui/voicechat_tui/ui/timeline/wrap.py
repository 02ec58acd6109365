"""Wrapping of text to a number of terminal cells, Chinese and Latin mixed."""

import re
from collections.abc import Iterator

from rich.cells import cell_len

# A word of Latin letters stays whole; a line may break around any other character.
_PIECES = re.compile(r"\n| +|[!-~]+|.")
_NOT_FIRST = frozenset("，。、！？；：）」』》…,.!?;:)]}")


def wrap(text: str, width: int) -> list[tuple[int, int]]:
    """Return the start and end of each line; a line is at most `width` cells wide.

    Words wider than a line are cut; no line starts with closing punctuation; the spaces at a break belong
    to no line.
    """
    if "\n" not in text and cell_len(text) <= width:
        return [(0, len(text))]
    lines: list[tuple[int, int]] = []
    begin = end = cells = 0
    for start, piece in _pieces(text, width):
        wide = cell_len(piece)
        if piece == "\n":
            lines.append((begin, end))
            begin = end = start + 1
            cells = 0
            continue
        if cells + wide > width and end > begin:
            if piece[0] == " ":
                continue
            cut = _last_character(text, begin, end) if piece in _NOT_FIRST else end
            lines.append((begin, cut if text[cut - 1 : cut] != " " else cut - 1))
            begin = cut if cut < end else start
            cells = cell_len(text[begin:start])
        cells += wide
        end = start + len(piece)
    lines.append((begin, end))
    return lines


def _pieces(text: str, width: int) -> Iterator[tuple[int, str]]:
    """Yield the unbreakable parts of a text, each with its position."""
    for match in _PIECES.finditer(text):
        piece, start = match[0], match.start()
        while cell_len(piece) > width and len(piece) > 1:
            yield start, piece[:width]
            piece, start = piece[width:], start + width
        yield start, piece


def _last_character(text: str, begin: int, end: int) -> int:
    """Return where the last character of a line starts, which moves along with the punctuation after it."""
    return end - 1 if end - begin > 1 and text[end - 1] != " " else end
