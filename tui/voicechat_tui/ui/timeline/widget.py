"""The conversation on the screen. Only visible lines are laid out and drawn."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import islice, takewhile
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from voicechat_tui.ui.model.conversation import Row
from voicechat_tui.ui.timeline.layout import (
    NAME_STYLES,
    Line,
    TextPlace,
    height,
    layout,
    text_places,
    written,
)

_CACHED_ROWS = 1024
_STYLES = (
    *(f"name-{number}" for number in range(NAME_STYLES)),
    *("own", "time", "bar", "day", "text", "tail", "live", "pending", "refused", "marked"),
)


class Timeline(ScrollView, can_focus=True):
    """A conversation that scrolls.

    While its end is visible it follows new rows; otherwise it stays where the reader is.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"timeline--{name}" for name in _STYLES}
    BINDINGS: ClassVar[list[BindingType]] = [
        ("up", "mark(-1)", "Earlier"),
        ("down", "mark(1)", "Later"),
    ]
    DEFAULT_CSS = """
    Timeline {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
        background: $background;
        & > .timeline--name-0 { color: $text-primary; text-style: bold; }
        & > .timeline--name-1 { color: $text-secondary; text-style: bold; }
        & > .timeline--name-2 { color: $text-warning; text-style: bold; }
        & > .timeline--name-3 { color: $text-accent; text-style: bold; }
        & > .timeline--name-4 { color: $text-error; text-style: bold; }
        & > .timeline--name-5 { color: $foreground; text-style: bold; }
        & > .timeline--own { color: $text-success; text-style: bold; }
        & > .timeline--time { color: $text-muted; text-style: dim; }
        & > .timeline--bar { color: $text-muted; text-style: dim; }
        & > .timeline--day { color: $text-muted; text-style: dim; }
        & > .timeline--text { color: $foreground; }
        & > .timeline--tail { color: $text-muted; text-style: dim italic; }
        & > .timeline--live { color: $text-error; text-style: bold; }
        & > .timeline--pending { color: $text-muted; text-style: italic; }
        & > .timeline--refused { color: $text-error; }
        & > .timeline--marked { background: $boost; text-style: reverse; }
    }
    """

    class FollowChanged(Message):
        """The end of the conversation became visible, or ceased to be.

        Attributes:
            follows: Whether it is visible.
        """

        def __init__(self, follows: bool) -> None:
            self.follows = follows
            super().__init__()

    class ReachedTop(Message):
        """The first loaded row became visible."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Row] = []
        self._tops: list[int] = [0]
        self._laid_out_for = 0
        self._strips: dict[tuple[Row, Row | None, bool], list[Strip]] = {}
        self._palette: dict[str, Style] = {}
        self._marked: str | None = None
        self._follows = True

    @property
    def rows(self) -> Sequence[Row]:
        """The conversation."""
        return self._rows

    @property
    def marked(self) -> Row | None:
        """The row that was chosen with the arrow keys."""
        return next((row for row in reversed(self._rows) if row.key == self._marked), None)

    @property
    def follows(self) -> bool:
        """Whether the newest row stays visible."""
        return self._follows

    def splice(self, start: int, rows: Sequence[Row]) -> None:
        """Replace the rows from a place on; only new rows, and rows with a new predecessor, are measured.

        If rows above the visible ones are gone, what the reader sees stays where it is.
        """
        gone, kept = _overlap(self._rows[start:], rows)
        self._rows[start:] = rows
        if not (gone and kept and self._is_laid_out):
            self._measure(start + kept)
            return
        seen, begin = self.scroll_offset.y, self._tops[start]
        is_behind = seen > begin and not self._follows
        ends = self._tops[start + gone + 1 : start + gone + kept + 1]
        del self._tops[start + 1 :]
        moved = self._move(start, ends)
        self._measure(start + kept)
        if is_behind:
            self.scroll_to(y=max(begin, seen + moved), animate=False, immediate=True, force=True)

    def prepend(self, rows: Sequence[Row]) -> None:
        """Put older rows before the first one; what the reader sees stays where it is."""
        self._forget_selection()
        from_end = self._tops[-1] - self.scroll_offset.y
        ends = self._tops[1:]
        self._rows[:0] = rows
        if ends and self._is_laid_out:
            del self._tops[1:]
            self._move(len(rows), ends)
        self._measure(len(self._tops) - 1)
        self.scroll_to(y=self._tops[-1] - from_end, animate=False, immediate=True, force=True)

    def show_newest(self) -> None:
        """Go to the end, and stay there."""
        self._marked = None
        self._set_follows(True)
        self.scroll_end(animate=False, immediate=True, force=True, x_axis=False)
        self.refresh()

    def action_mark(self, step: int) -> None:
        """Move the mark by a number of rows."""
        if not self._rows:
            return
        keys = [row.key for row in self._rows]
        place = keys.index(self._marked) + step if self._marked in keys else len(keys) - 1
        place = min(max(place, 0), len(keys) - 1)
        self._marked = keys[place]
        top, bottom = self._tops[place], self._tops[place + 1]
        if top < self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, immediate=True, force=True)
        elif bottom > self.scroll_offset.y + self.size.height:
            self.scroll_to(y=bottom - self.size.height, animate=False, immediate=True, force=True)
        self.refresh()

    def on_resize(self) -> None:
        """Lay out again if the width has changed."""
        if self._text_width != self._laid_out_for:
            self._forget_selection()
            self._strips.clear()
            self._measure(0)
        elif self._follows:
            self.scroll_end(animate=False, immediate=True, force=True, x_axis=False)

    def notify_style_update(self) -> None:
        """Drop what was drawn in the old colours."""
        super().notify_style_update()
        self._strips.clear()
        self._palette.clear()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Track whether the end is still visible."""
        super().watch_scroll_y(old_value, new_value)
        if new_value <= 0 < old_value:
            self.post_message(self.ReachedTop())
        self._set_follows(new_value >= self.max_scroll_y)

    @property
    def _text_width(self) -> int:
        return self.scrollable_content_region.width

    @property
    def _is_laid_out(self) -> bool:
        return 0 < self._laid_out_for == self._text_width

    def _forget_selection(self) -> None:
        """Clear the selection, because the selected lines have other texts now."""
        if self.text_selection is not None:
            self.screen.clear_selection()

    def _set_follows(self, follows: bool) -> None:
        if follows != self._follows:
            self._follows = follows
            self.post_message(self.FollowChanged(follows))

    def _move(self, place: int, ends: Sequence[int]) -> int:
        """Reuse known row ends; return by how many lines they have moved.

        Args:
            place: Of the first one, which is measured again: what stands before it is another row.
            ends: Where they ended.
        """
        self._measure_until(place + 1)
        moved = self._tops[-1] - ends[0]
        self._tops += [end + moved for end in ends[1:]]
        return moved

    def _measure_until(self, stop: int) -> None:
        """Compute the missing ends of the rows before a place."""
        for place in range(len(self._tops) - 1, stop):
            previous = self._rows[place - 1] if place else None
            self._tops.append(self._tops[-1] + height(self._rows[place], previous, self._laid_out_for))

    def _measure(self, start: int) -> None:
        """Compute where rows begin, from one on."""
        width = self._text_width
        if not width:
            self._laid_out_for, self._tops = 0, [0]
            return
        if width != self._laid_out_for:
            self._laid_out_for = width
            start = 0
        follows = self._follows
        del self._tops[start + 1 :]
        self._measure_until(len(self._rows))
        self.virtual_size = Size(width, self._tops[-1])
        if follows:
            self.scroll_end(animate=False, immediate=True, force=True, x_axis=False)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw a line of the window."""
        line = self.scroll_offset.y + y
        width = self._text_width
        if line >= self._tops[-1]:
            return Strip.blank(width, self.rich_style)
        place = bisect_right(self._tops, line) - 1
        strip = self._drawn(place)[line - self._tops[place]]
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(line)) is not None:
            strip = _select(strip, span, self._places(place)[line - self._tops[place]])
        return strip.apply_offsets(0, line)

    def _drawn(self, place: int) -> list[Strip]:
        row = self._rows[place]
        previous = self._rows[place - 1] if place else None
        marked = row.key == self._marked
        known = self._strips.get((row, previous, marked))
        if known is None:
            if len(self._strips) >= _CACHED_ROWS:
                self._strips.clear()
            lines = layout(row, previous, self._laid_out_for)
            known = [self._draw(line, marked=marked) for line in lines]
            self._strips[row, previous, marked] = known
        return known

    def _draw(self, line: Line, *, marked: bool) -> Strip:
        mark = self._style("marked") if marked else Style.null()
        segments = [Segment(span.text, self._style(span.style) + mark) for span in line]
        return Strip(segments).adjust_cell_length(self._laid_out_for, self.rich_style)

    def _style(self, name: str) -> Style:
        if name not in self._palette:
            self._palette[name] = self.get_component_rich_style(f"timeline--{name}")
        return self._palette[name]

    def _places(self, place: int) -> list[TextPlace | None]:
        previous = self._rows[place - 1] if place else None
        return text_places(self._rows[place], previous, self._laid_out_for)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return what was said in the lines that are selected with the mouse, without times and names."""
        first = selection.start.y if selection.start else 0
        last = min(selection.end.y if selection.end else self._tops[-1] - 1, self._tops[-1] - 1)
        if first > last:
            return None
        texts = [
            self._selected(place, selection)
            for place in range(bisect_right(self._tops, first) - 1, bisect_right(self._tops, last))
        ]
        chosen = "\n".join(text for text in texts if text)
        return (chosen, "\n") if chosen else None

    def _selected(self, place: int, selection: Selection) -> str:
        """Return the part of a row's text that is selected; where its lines are wrapped, it goes on."""
        parts = [
            text.cut(span)
            for line, text in enumerate(self._places(place), self._tops[place])
            if text is not None and (span := selection.get_span(line)) is not None
        ]
        return written(self._rows[place], parts[0].begin, parts[-1].end) if parts else ""

    def selection_updated(self, _selection: Selection | None) -> None:
        """Draw a changed selection."""
        self.refresh()


def _overlap(old: Sequence[Row], new: Sequence[Row]) -> tuple[int, int]:
    """Return how many rows are gone from the beginning, and how many after them are unchanged."""
    gone = next((place for place, row in enumerate(old) if row is new[0]), 0) if new else 0
    pairs = zip(islice(old, gone, None), new, strict=False)
    return gone, sum(1 for _ in takewhile(lambda pair: pair[0] is pair[1], pairs))


def _select(strip: Strip, span: tuple[int, int], text: TextPlace | None) -> Strip:
    """Return a line with the selected part of its text reversed, which is visible without colours too."""
    if text is None:
        return strip
    drawn, part = strip.text, text.cut(span)
    begin = cell_len(drawn[: part.column])
    end = begin + cell_len(drawn[part.column : part.column + part.end - part.begin])
    before, inside, after = strip.divide([begin, end, strip.cell_length])
    reversed_ = [
        Segment(piece, (style or Style.null()) + Style(reverse=not (style and style.reverse)), control)
        for piece, style, control in inside
    ]
    return Strip.join([before, Strip(reversed_, inside.cell_length), after])
