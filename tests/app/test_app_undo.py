"""Undo and redo in what is being written: every edit can be taken back, and what was sent can't."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.document._wrapped_document import WrappedDocument
from textual.events import Paste
from textual.pilot import Pilot

from tests.support.staged import CHAT, StagedBackend, connected, staged_app, until
from voicechat_tui.ui.screens.chat import ChatScreen
from voicechat_tui.ui.widgets.composer import Composer

FIVE_LINES = "a\nb\nc\nd\ne"
TEXTS = (
    "x",
    "\n",
    "\r",
    "\u2028",
    "\t",
    "你好",
    "👩‍👩‍👧",
    "two words ",
    FIVE_LINES,
    "a\r\nb\x0bc",
    "long " * 12,
)
STEPS = st.one_of(
    st.tuples(st.just("paste"), st.sampled_from(TEXTS)),
    st.tuples(st.just("press"), st.sampled_from(("y", "backspace", "ctrl+w", "ctrl+u", "ctrl+k", "delete"))),
    st.tuples(st.just("press"), st.sampled_from(("up", "left", "home", "shift+up", "shift+home", "f7"))),
    st.tuples(st.just("press"), st.sampled_from(("ctrl+z", "ctrl+z", "ctrl+y"))),
    st.tuples(st.just("load"), st.sampled_from(TEXTS)),
    st.tuples(st.just("wait"), st.just("")),
)


class Desk(App[None]):
    """A composer and nothing else."""

    def compose(self) -> ComposeResult:
        yield Composer(())


async def do(pilot: Pilot[None], composer: Composer, step: str, what: str) -> None:
    match step:
        case "paste":
            pilot.app.post_message(Paste(what))
        case "press":
            await pilot.press(what)
        case "load":
            composer.load_text(what)
        case _:
            await pilot.pause()


def check_lines(composer: Composer) -> None:
    """See that what is drawn is the text: lines are laid out anew only where an edit says so."""
    drawn = composer.wrapped_document
    anew = WrappedDocument(composer.document, composer.wrap_width, composer.indent_width)
    assert drawn.lines == anew.lines
    assert drawn.height == anew.height
    assert composer.cursor_location == composer.clamp_visitable(composer.cursor_location)


async def write(steps: list[tuple[str, str]]) -> None:
    async with Desk().run_test(size=(24, 12)) as pilot:
        composer = pilot.app.query_one(Composer)
        seen = [""]
        for step, what in steps:
            await do(pilot, composer, step, what)
            await pilot.pause()
            check_lines(composer)
            seen = [composer.text] if step == "load" else [*seen, composer.text]
        while composer.history.redo_stack:
            composer.action_redo()
            check_lines(composer)
        last = composer.text
        while composer.history.undo_stack:
            composer.action_undo()
            check_lines(composer)
            assert composer.text in seen
        assert composer.text == seen[0]
        while composer.history.redo_stack:
            composer.action_redo()
            check_lines(composer)
        assert composer.text == last


@settings(max_examples=15)
@given(st.lists(STEPS, max_size=25))
def test_undo_takes_back_whatever_was_done_and_redo_does_it_again(steps: list[tuple[str, str]]) -> None:
    asyncio.run(write(steps))


@pytest.mark.parametrize("how", ["paste", "keys"])
async def test_several_lines_are_undone_and_what_was_sent_never_comes_back(how: str) -> None:
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT)
    async with app.run_test(size=(60, 16)) as pilot:
        await until(pilot, lambda: backend.links)
        backend.links[0].tell(connected())
        screen = app.chats.screen
        assert isinstance(screen, ChatScreen)
        composer = screen.composer
        if how == "paste":
            app.post_message(Paste(FIVE_LINES))
        else:
            await pilot.press("a", "ctrl+j", "b", "ctrl+j", "c", "ctrl+j", "d", "ctrl+j", "e")
        await until(pilot, lambda: composer.text == FIVE_LINES)
        while composer.text:
            await pilot.press("ctrl+z")
        app.post_message(Paste(FIVE_LINES))
        await until(pilot, lambda: composer.text == FIVE_LINES)
        await pilot.press("enter")
        await until(pilot, lambda: backend.links[0].sent)
        await until(pilot, lambda: not composer.text)
        await pilot.press("ctrl+z", "ctrl+z", "n", "ctrl+z")
        assert composer.text == ""
