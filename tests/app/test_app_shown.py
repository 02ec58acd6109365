"""What the screens tell: of what was written, of who is there, of a chat that is over, of a search."""

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.support.staged import (
    CHAT,
    NOW,
    StagedBackend,
    caught_up,
    connected,
    staged_app,
    stored,
    summary,
    until,
)
from tests.support.staged_sound import HEADSET, StagedSound
from voicechat_common.levels import Level
from voicechat_common.names import CONTENT_MAX_LENGTH
from voicechat_common.protocol.chat import ChatEnded, ChatStatus
from voicechat_tui.client.chat.events import TypingChanged
from voicechat_tui.sources.microphone.events import LevelChanged, Opened
from voicechat_tui.ui.app import VoicechatApp
from voicechat_tui.ui.screens.chat import ChatScreen
from voicechat_tui.ui.screens.chats import ChatsScreen
from voicechat_tui.ui.widgets.chat_list import ChatList
from voicechat_tui.ui.widgets.status_line import StatusLine

ENDED = ChatEnded(chat_id=CHAT, ended_by="bob", ended_at=NOW)
PEOPLE = tuple(f"person {number}" for number in range(1, 30))


async def chat_of(pilot: Pilot[None], app: VoicechatApp, backend: StagedBackend) -> ChatScreen:
    await until(pilot, lambda: backend.links and app.chats.screen and app.chats.screen.is_mounted)
    screen = app.chats.screen
    assert screen is not None
    return screen


def said(screen: ChatScreen, part: str) -> str:
    return str(screen.query_one(part, Static).render())


async def test_a_long_text_is_counted_cleared_with_one_key_and_brought_back() -> None:
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT)
    async with app.run_test() as pilot:
        composer = (await chat_of(pilot, app, backend)).composer
        await pilot.press("a")
        await until(pilot, lambda: composer.text == "a")
        assert not composer.border_subtitle
        composer.insert("行 of a log\n" * 500)
        written = composer.text
        await until(pilot, lambda: composer.has_class("too-long"))
        assert composer.border_subtitle == f"{len(written.strip()):,} of {CONTENT_MAX_LENGTH:,} characters"
        await pilot.press("ctrl+l")
        await until(pilot, lambda: not composer.text)
        await until(pilot, lambda: not composer.border_subtitle)
        await pilot.press("b", "ctrl+z", "ctrl+z")
        await until(pilot, lambda: composer.text == written)


async def test_a_chat_that_ends_has_no_composer_and_listens_to_nobody() -> None:
    backend, sound = StagedBackend(), StagedSound()
    app = staged_app(backend, chat=CHAT, sound=sound)
    async with app.run_test() as pilot:
        screen = await chat_of(pilot, app, backend)
        await until(pilot, lambda: sound.voices)
        backend.links[0].tell(connected(), stored(1, "bob", "Bye"), caught_up(1), ENDED)
        await until(pilot, lambda: not screen.composer.display)
        await until(pilot, lambda: sound.voices[0].is_down)
        assert "has ended" in said(screen, "#over")
        await until(pilot, lambda: screen.timeline.has_focus)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ChatsScreen))


async def test_what_was_being_written_in_a_chat_that_ends_can_be_read_and_cleared_but_not_changed() -> None:
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT)
    async with app.run_test() as pilot:
        screen = await chat_of(pilot, app, backend)
        backend.links[0].tell(connected(), caught_up())
        await pilot.press(*"half a")
        await until(pilot, lambda: screen.composer.text == "half a")
        backend.links[0].tell(ENDED)
        await until(pilot, lambda: screen.has_class("ended"))
        await pilot.press("x", "enter")
        assert screen.composer.display
        assert screen.composer.text == "half a"
        await pilot.press("ctrl+l")
        await until(pilot, lambda: not screen.composer.display)
        assert CHAT not in app.local.remembered.drafts
        assert not backend.links[0].sent


async def test_a_chat_that_is_listed_as_ended_is_so_before_it_is_reached() -> None:
    ended = summary(CHAT, "Over", "bob: bye", count=1).model_copy(update={"status": ChatStatus.ENDED})
    backend, sound = StagedBackend(listed=[ended]), StagedSound()
    app = staged_app(backend, sound=sound)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.screen.query_one(ChatList).option_count)
        await pilot.press("enter")
        screen = await chat_of(pilot, app, backend)
        await until(pilot, lambda: not screen.composer.display)
        assert not sound.voices


@pytest.mark.parametrize("width", [40, 80, 200])
async def test_people_who_have_no_room_are_counted(width: int) -> None:
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT)
    async with app.run_test(size=(120, 24)) as pilot:
        screen = await chat_of(pilot, app, backend)
        typing = TypingChanged(user=PEOPLE[-1], is_typing=True, typing=PEOPLE)
        backend.links[0].tell(connected(*PEOPLE, title="A title that is long " * 3), typing, caught_up())
        await until(pilot, lambda: "typing" in said(screen, "#below"))
        await pilot.resize_terminal(width, 24)
        await until(pilot, lambda: screen.query_one("#below").size.width == width - 4)
        for part, padding in (("#head", 2), ("#below", 4)):
            assert cell_len(said(screen, part)) <= width - padding
            shown = said(screen, part)
            named = sum(f"{name}," in f"{shown}, ".replace(" and", ",") for name in PEOPLE)
            counted = f"{len(PEOPLE) - named} more" if named else f"{len(PEOPLE)} people"
            assert counted in shown


async def test_a_muted_microphone_shows_its_level() -> None:
    backend, sound = StagedBackend(), StagedSound()
    app = staged_app(backend, chat=CHAT, sound=sound)
    async with app.run_test(size=(120, 24)) as pilot:
        await until(pilot, lambda: sound.voices)
        sound.voices[0].tell(Opened(HEADSET.id, 48_000), LevelChanged(Level(-18.0, -12.0)))
        line = app.screen.query_one(StatusLine)
        await until(pilot, lambda: "mic ready" in str(line.render()))
        await pilot.press("f3")
        await until(pilot, lambda: "MUTED" in str(line.render()) and "-18 dB" in str(line.render()))
        await pilot.press("f2")
        await until(pilot, lambda: sound.voices[0].is_open)
        assert "MUTED" in str(line.render())
        assert "-18 dB" in str(line.render())
        await pilot.press("f3")
        await until(pilot, lambda: "MIC OPEN" in str(line.render()))


async def test_a_search_is_over_when_a_chat_was_opened_from_it() -> None:
    listed = [summary("one", "First", "bob: hi"), summary("two", "Second", "bob: hi", minutes=1)]
    app = staged_app(StagedBackend(listed=list(listed)))
    async with app.run_test() as pilot:
        chats = app.screen.query_one(ChatList)
        await until(pilot, lambda: chats.option_count == 2)
        await pilot.press("slash", *"Second")
        await until(pilot, lambda: chats.option_count == 1)
        await pilot.press("enter")
        await until(pilot, lambda: app.chats.shown and app.chats.shown.chat_id == "two")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ChatsScreen) and chats.option_count == 2)
        assert app.screen.query_one(Input).value == ""
        await until(pilot, lambda: chats.has_focus and chats.chosen == "two")


async def test_the_key_of_the_search_begins_it_anew_instead_of_being_written() -> None:
    app = staged_app(StagedBackend())
    async with app.run_test() as pilot:
        search = app.screen.query_one(Input)
        await pilot.press("slash", *"plans", "slash")
        await until(pilot, lambda: search.value == "plans" and search.selected_text == "plans")
        await pilot.press(*"new")
        await until(pilot, lambda: search.value == "new")
