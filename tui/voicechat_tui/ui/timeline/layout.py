"""How a row becomes lines of the screen: pure, from text and width alone.

On a wide screen time and name are in columns at the left, on a narrow one in a line of their own. The sign
before the text tells whether it was typed or spoken, is being spoken, waits, or was refused.
"""

from dataclasses import dataclass

from rich.cells import cell_len

from voicechat_common.printable import printable
from voicechat_tui.client.chat.timeline import EntryState
from voicechat_tui.language import _
from voicechat_tui.ui.model.conversation import Row
from voicechat_tui.ui.model.names import fitted
from voicechat_tui.ui.timeline.wrap import wrap

WIDE = 64
NAME_CELLS = 12
NAME_STYLES = 6

_TIME_CELLS = 5
_GUTTER = 1 + _TIME_CELLS + 1 + NAME_CELLS + 1
_INDENT = 1
_SIGN = 2
_MARGIN = 1
_LEAST_TEXT = 8
_GROUP_S = 300.0
_TAB = " " * 4


@dataclass(frozen=True)
class Span:
    """A piece of a line in one style, by the style's name."""

    text: str
    style: str


Line = tuple[Span, ...]


@dataclass(frozen=True)
class TextPlace:
    """Where a line has the text of its row, and which part of it.

    Attributes:
        column: How many characters of the line, its time, name and sign, stand before the text.
        begin: The text's first character, of all that the row shows.
        end: The place behind its last one.
    """

    column: int
    begin: int
    end: int

    def cut(self, span: tuple[int, int]) -> "TextPlace":
        """Return the part of the text in a span of the line's characters; -1 stands for their end."""
        first = self._at(span[0])
        last = self.end if span[1] < 0 else max(first, self._at(span[1]))
        return TextPlace(self.column + first - self.begin, first, last)

    def _at(self, character: int) -> int:
        return min(max(character - self.column + self.begin, self.begin), self.end)


def layout(row: Row, previous: Row | None, width: int) -> list[Line]:
    """Return the lines of a row.

    Args:
        row: What is to be shown.
        previous: The row above, whose date, name and time are not repeated.
        width: Cells of a line.
    """
    lines = [] if _same_day(row, previous) else [_day(row, width)]
    if width >= WIDE:
        left, below = _columns(row, previous), (Span(" " * _GUTTER, "text"),)
    else:
        left = below = (Span(" " * _INDENT, "text"),)
        if not _continues(row, previous):
            lines.append(_heading(row, width))
    sign = Span(f"{_sign(row)} ", _sign_style(row))
    for begin, end in _wrapped(row, width):
        lines.append((*left, sign, *_text(row, begin, end)))
        left = below
    return lines


def text_places(row: Row, previous: Row | None, width: int) -> list[TextPlace | None]:
    """Return for each of the lines of `layout` which text it has; None for a line without any."""
    lines, wrapped = layout(row, previous, width), _wrapped(row, width)
    found: list[TextPlace | None] = [None] * (len(lines) - len(wrapped))
    for line, (begin, end) in zip(lines[len(found) :], wrapped, strict=True):
        found.append(TextPlace(sum(len(span.text) for span in line) - (end - begin), begin, end))
    return found


def written(row: Row, begin: int, end: int) -> str:
    """Return the original text behind a range of what a row shows; a tab shown in part counts whole."""
    pieces, at = [], 0
    for char in row.text:
        shown = len(_TAB) if char == "\t" else 1
        if at < end and at + shown > begin:
            pieces.append(char if char in "\t\n" else printable(char))
        at += shown
    return "".join(pieces)


def height(row: Row, previous: Row | None, width: int) -> int:
    """Return how many lines `layout` returns, without building them."""
    extra = not _same_day(row, previous)
    heading = width < WIDE and not _continues(row, previous)
    return extra + heading + len(_wrapped(row, width))


def name_style(speaker: str) -> str:
    """Return the style of a person's name, the same wherever the person appears."""
    return f"name-{sum(speaker.encode()) % NAME_STYLES}"


def _shown(row: Row) -> str:
    return _drawable(row.text) or (_("listening") if row.state is EntryState.SPOKEN else "")


def _drawable(text: str) -> str:
    """Return a text without what would move the terminal's cursor, except line breaks."""
    if text.isprintable():  # Nearly every text is, and this is fast.
        return text
    return "\n".join(printable(line.replace("\t", _TAB)) for line in text.split("\n"))


def _wrapped(row: Row, width: int) -> list[tuple[int, int]]:
    indent = _GUTTER if width >= WIDE else _INDENT
    return wrap(_shown(row), max(_LEAST_TEXT, width - indent - _SIGN - _MARGIN))


def _text(row: Row, begin: int, end: int) -> Line:
    """Return a line's text: the settled part as it is, the rest dim."""
    text = _shown(row)
    if row.state is not EntryState.SPOKEN:
        return (Span(text[begin:end], _TEXT_STYLES[row.state]),)
    settled = min(max(len(_drawable(row.text[: row.settled])), begin), end)
    spans = (Span(text[begin:settled], "text"), Span(text[settled:end], "tail"))
    return tuple(span for span in spans if span.text)


_TEXT_STYLES = {
    EntryState.STORED: "text",
    EntryState.WAITING: "pending",
    EntryState.REFUSED: "refused",
}


_SIGNS = {EntryState.SPOKEN: "●", EntryState.WAITING: "…", EntryState.REFUSED: "✗"}
_SIGN_STYLES = {EntryState.SPOKEN: "live", EntryState.REFUSED: "refused"}


def _sign(row: Row) -> str:
    return _SIGNS.get(row.state) or ("┃" if row.spoken else "│")


def _sign_style(row: Row) -> str:
    return _SIGN_STYLES.get(row.state, "bar")


def _same_day(row: Row, previous: Row | None) -> bool:
    return previous is not None and previous.at.date() == row.at.date()


def _continues(row: Row, previous: Row | None) -> bool:
    """Return whether a row needs no name, because the row above has the same."""
    return (
        previous is not None
        and previous.speaker == row.speaker
        and _same_day(row, previous)
        and (row.at - previous.at).total_seconds() < _GROUP_S
    )


def _columns(row: Row, previous: Row | None) -> Line:
    clock = f"{row.at:%H:%M}"
    continues = _continues(row, previous)
    same_minute = continues and previous is not None and f"{previous.at:%H:%M}" == clock
    name = "" if continues else fitted(row.speaker, NAME_CELLS)
    return (
        Span(f" {'' if same_minute else clock:{_TIME_CELLS}} ", "time"),
        Span(" " * (NAME_CELLS - cell_len(name)) + name + " ", _style_of_name(row)),
    )


def _heading(row: Row, width: int) -> Line:
    return (
        Span(f" {fitted(row.speaker, width - 10)} ", _style_of_name(row)),
        Span(f" {row.at:%H:%M}", "time"),
    )


def _style_of_name(row: Row) -> str:
    return "own" if row.own else name_style(row.speaker)


def _day(row: Row, width: int) -> Line:
    label = f" {row.at:%Y-%m-%d} "
    left = max(0, (width - len(label)) // 2 - 1)
    right = max(0, width - len(label) - left - 2)
    return (Span(f" {'─' * left}{label}{'─' * right} ", "day"),)
