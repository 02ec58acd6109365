"""The conversation on the screen: what is drawn and measured of it, and what is copied."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.support.staged import CHAT, NOW, StagedBackend, caught_up, connected, staged_app, stored, until
from voicechat_tui.ui.model.conversation import Row
from voicechat_tui.ui.screens.chat import ChatScreen
from voicechat_tui.ui.timeline import widget
from voicechat_tui.ui.timeline.layout import height
from voicechat_tui.ui.timeline.widget import Timeline

TABLE = "\tname\tcount\n\t一\t2"


async def test_a_tab_is_drawn_as_spaces_and_copied_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT)
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: backend.links)
        backend.links[0].tell(connected(), stored(1, "bob", TABLE), caught_up(1))
        screen = app.chats.screen
        assert screen is not None
        await until(pilot, lambda: screen.timeline.rows)
        drawn = [screen.timeline.render_line(line) for line in range(1, 3)]
        assert drawn[0].text.rstrip().endswith("│     name    count")
        assert drawn[1].text.rstrip().endswith("    一    2")
        await pilot.press("ctrl+y")
        await until(pilot, lambda: copied == [TABLE])


SAID = [
    stored(1, "bob", "Loud and clear."),
    stored(2, "小明", "早上好，我这边也能听得很清楚。", minutes=1),
    stored(3, "bob", "The line was down from nine to eleven yesterday, and forty tickets " * 2, minutes=2),
    stored(4, "carol", "\tname\tcount", minutes=3),
]


async def drag(pilot: Pilot[None], screen: ChatScreen, begin: str, end: str, selected: str) -> None:
    """Select with the mouse from the first character of a text to the last one of another."""
    height = screen.timeline.size.height
    lines = [screen.timeline.render_line(y).text for y in range(height)]

    def place(text: str, behind: int) -> tuple[int, int]:
        y = next(y for y, line in enumerate(lines) if text in line)
        return cell_len(lines[y].partition(text)[0]) + behind, y

    await pilot.mouse_down(Timeline, offset=place(begin, 0))
    await pilot.hover(Timeline, offset=place(end, cell_len(end) - 1))
    await pilot.mouse_up(Timeline, offset=place(end, cell_len(end) - 1))
    await until(pilot, lambda: screen.get_selected_text() == selected)


def reversed_text(screen: ChatScreen) -> str:
    """What is drawn the other way round."""
    lines = [screen.timeline.render_line(y) for y in range(screen.timeline.size.height)]
    found = ["".join(text for text, style, _ in line if style and style.reverse) for line in lines]
    return "\n".join(text for text in found if text)


@asynccontextmanager
async def conversation(theme: str, width: int) -> AsyncIterator[tuple[Pilot[None], ChatScreen]]:
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT, theme=theme)
    async with app.run_test(size=(width, 30)) as pilot:
        await until(pilot, lambda: backend.links and app.chats.screen and app.chats.screen.is_mounted)
        screen = app.chats.screen
        assert screen is not None
        backend.links[0].tell(connected("bob", "小明"), *SAID, caught_up(4))
        await until(pilot, lambda: len(screen.timeline.rows) == len(SAID) and screen.timeline.size.height)
        yield pilot, screen


@pytest.mark.parametrize("theme", ["dark", "light", "ansi", "mono"])
@pytest.mark.parametrize("width", [100, 50])
async def test_what_is_selected_is_seen_and_copied_without_times_and_names(theme: str, width: int) -> None:
    async with conversation(theme, width) as (pilot, screen):
        await drag(pilot, screen, "我这边也", "The line", "我这边也能听得很清楚。\nThe line")
        assert reversed_text(screen) == "我这边也能听得很清楚。\nThe line"
        await drag(pilot, screen, "clear", "clear", "clear")
        assert reversed_text(screen) == "clear"


async def test_lines_that_were_wrapped_are_copied_as_one_and_tabs_as_they_were() -> None:
    async with conversation("dark", 50) as (pilot, screen):
        text = screen.timeline.rows[2].text
        await drag(pilot, screen, "The line", "count", f"{text}\n\tname\tcount")
        assert reversed_text(screen).count("\n") > 2, "it takes several lines"


async def test_a_selection_that_begins_beside_the_text_takes_the_text() -> None:
    async with conversation("dark", 100) as (pilot, screen):
        await drag(pilot, screen, "bob │ L", "小明", "Loud and clear.")


async def test_a_message_that_is_marked_and_selected_is_still_seen_to_be_selected() -> None:
    async with conversation("mono", 100) as (pilot, screen):
        screen.timeline.focus()
        await pilot.press("up", "up")
        await until(pilot, lambda: screen.timeline.marked is screen.timeline.rows[2])
        marked = reversed_text(screen)
        await drag(pilot, screen, "The line", "The line", "The line")
        assert reversed_text(screen) == marked.replace("The line", "", 1)


class Stage(App[None]):
    """A conversation alone on the screen."""

    def compose(self) -> ComposeResult:
        yield Timeline()

    @property
    def timeline(self) -> Timeline:
        return self.query_one(Timeline)

    async def show(self, pilot: Pilot[None], rows: list[Row]) -> None:
        """Show rows, the last of them at the bottom."""
        self.timeline.splice(0, rows)
        await until(pilot, lambda: self.timeline.scroll_offset.y and self.seen)

    async def read_from(self, pilot: Pilot[None], y: int) -> None:
        """Scroll back."""
        self.timeline.scroll_to(y=y, animate=False, immediate=True, force=True)
        await until(pilot, lambda: self.timeline.scroll_offset.y == y and not self.timeline.follows)

    @property
    def seen(self) -> str:
        """What is drawn at the top."""
        return self.timeline.render_line(0).text.partition("│ ")[2].strip()


def rows(*numbers: int) -> list[Row]:
    """Rows whose text tells their number; one in three takes two lines."""
    texts = {number: f"{number}" if number % 3 else f"{number}\nmore" for number in numbers}
    return [Row(f"m{number}", "bob", False, NOW, text, len(text)) for number, text in texts.items()]


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    """The rows whose height was computed."""
    found: list[Row] = []

    def counted(row: Row, previous: Row | None, width: int) -> int:
        found.append(row)
        return height(row, previous, width)

    monkeypatch.setattr(widget, "height", counted)
    return found


async def test_only_new_rows_are_measured_where_the_oldest_give_way(measured: list[Row]) -> None:
    app = Stage()
    async with app.run_test(size=(80, 24)) as pilot:
        old, new = rows(*range(1000)), rows(1000)
        await app.show(pilot, old)
        measured.clear()
        app.timeline.splice(0, [*old[100:], *new])
        assert [row.text for row in measured] == ["100", "1000"]
        afresh = Timeline()
        await app.mount(afresh)
        afresh.splice(0, app.timeline.rows)
        await until(pilot, lambda: afresh.virtual_size.height)
        assert app.timeline.virtual_size.height == afresh.virtual_size.height


async def test_only_older_rows_are_measured_where_they_come_before_the_first(measured: list[Row]) -> None:
    app = Stage()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.show(pilot, rows(*range(100, 1000)))
        await app.read_from(pilot, 1)
        measured.clear()
        app.timeline.prepend(rows(*range(97, 100)))
        assert [row.text for row in measured] == ["97", "98", "99\nmore", "100"]
        assert app.seen == "100"


async def test_what_a_reader_sees_stays_where_rows_before_or_behind_it_are_gone() -> None:
    app = Stage()
    async with app.run_test(size=(80, 24)) as pilot:
        all_rows = rows(*range(400))
        await app.show(pilot, all_rows)
        await app.read_from(pilot, 200)
        before = app.seen
        app.timeline.splice(0, [*all_rows[100:], *rows(400)])
        assert app.seen == before
        app.timeline.splice(290, app.timeline.rows[293:])
        assert app.seen == before
        app.timeline.splice(0, app.timeline.rows[200:])
        assert [row.text for row in app.timeline.rows][:1] == ["300\nmore"]
        assert app.timeline.scroll_offset.y == 0, "what was read is gone: the oldest there is takes its place"
