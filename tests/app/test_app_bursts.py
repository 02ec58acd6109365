"""Keys that arrive together do what they do one at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from textual.events import Event, Key, Paste
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from tests.support.staged import (
    CHAT,
    TITLE,
    StagedBackend,
    caught_up,
    connected,
    detail,
    staged_app,
    stored,
    summary,
    until,
)
from tests.support.staged_sound import StagedSound
from voicechat_common.protocol.chat_http import ChatDetail
from voicechat_tui.settings.loading import load
from voicechat_tui.ui.app import VoicechatApp
from voicechat_tui.ui.keys import turns
from voicechat_tui.ui.screens.chat import ChatScreen
from voicechat_tui.ui.screens.chats import ChatsScreen
from voicechat_tui.ui.screens.devices import DevicesWindow
from voicechat_tui.ui.screens.help import Help
from voicechat_tui.ui.screens.new_chat import NewChat
from voicechat_tui.ui.screens.settings import SettingsWindow

TITLES = ("gamma", "beta", "alpha")
"""In the order of the list."""


class SlowBackend(StagedBackend):
    """A server that creates a chat when a test lets it."""

    def __init__(self) -> None:
        super().__init__([])
        self.answers = asyncio.Event()

    async def create_chat(self, user: str, title: str) -> ChatDetail:
        self.created.append(title)
        await self.answers.wait()
        return detail("new-chat", title, [])


def burst(app: VoicechatApp, *parts: str | Event) -> None:
    """Let keys arrive at once: a text stands for its letters, and <name> for a key."""
    for part in parts:
        if isinstance(part, Event):
            app.post_message(part)
        elif part.startswith("<"):
            app.post_message(Key(part.strip("<>"), None))
        else:
            for letter in part:
                app.post_message(Key(_character_to_key(letter), letter))


@asynccontextmanager
async def in_list(backend: StagedBackend | None = None) -> AsyncIterator[tuple[VoicechatApp, Pilot[None]]]:
    """The app in front of three chats."""
    chats = [summary(title, title, minutes=number) for number, title in enumerate(TITLES)]
    app = staged_app(backend or StagedBackend(chats))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.screen.query("ChatList:focus"))
        if backend is None:
            await until(pilot, lambda: app.screen.query_one(OptionList).option_count == len(TITLES))
        yield app, pilot


@asynccontextmanager
async def in_chat(
    *, messages: int = 0, clock: Callable[[], float] = lambda: 1000.0
) -> AsyncIterator[tuple[VoicechatApp, Pilot[None], StagedBackend, StagedSound]]:
    """The app with an open chat."""
    backend, sound = StagedBackend([summary(CHAT, TITLE)]), StagedSound()
    app = staged_app(backend, sound=sound, chat=CHAT, clock=clock)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: backend.links and sound.voices)
        said = [stored(seq, "bob", f"message {seq}") for seq in range(1, messages + 1)]
        backend.links[0].tell(connected(seq=messages), *said, caught_up(messages))
        await until(pilot, lambda: app.chats.shown is not None and app.chats.shown.caught_up)
        yield app, pilot, backend, sound


def chat(app: VoicechatApp) -> ChatScreen:
    screen = app.chats.screen
    assert screen is not None
    return screen


def talks(sound: StagedSound) -> bool:
    return sound.voices[-1].is_open


def sent(backend: StagedBackend) -> list[str]:
    return list(backend.links[-1].sent.values())


@pytest.mark.parametrize("keys", [("enter",), ("alt+s",)])
async def test_each_line_is_a_message(keys: Sequence[str]) -> None:
    async with in_chat() as (app, pilot, backend, _):
        send = f"<{keys[0]}>"
        burst(app, "hello", send, "world", send, "one", send, "two", send, "three")
        await until(pilot, lambda: chat(app).composer.text == "three")
        assert sent(backend) == ["hello", "world", "one", "two"]


async def test_a_new_line_stands_where_it_was_typed() -> None:
    async with in_chat() as (app, pilot, backend, _):
        burst(app, "one", "<ctrl+j>", "two", "<ctrl+j>", "<ctrl+j>", "three", "<enter>", "x")
        await until(pilot, lambda: chat(app).composer.text == "x")
        assert sent(backend) == ["one\ntwo\n\nthree"]


async def test_a_paste_between_keys_stands_between_them() -> None:
    async with in_chat() as (app, pilot, backend, _):
        burst(app, "a", Paste("b\nc"), "d", "<enter>", Paste("e"), "<enter>", "x")
        await until(pilot, lambda: chat(app).composer.text == "x")
        assert sent(backend) == ["ab\ncd", "e"]


async def test_the_chat_that_was_searched_for_is_opened() -> None:
    async with in_list() as (app, pilot):
        burst(app, "/", "alpha", "<enter>", "hello")
        await until(pilot, lambda: app.chats.screen and chat(app).composer.text == "hello")
        assert chat(app).session.chat_id == "alpha"


async def test_the_chat_that_was_marked_is_opened() -> None:
    async with in_list() as (app, pilot):
        burst(app, "<down>", "<down>", "<up>", "<enter>", "hello")
        await until(pilot, lambda: app.chats.screen and chat(app).composer.text == "hello")
        assert chat(app).session.chat_id == "beta"


async def test_a_question_is_answered_once_and_later_keys_go_to_what_comes_after_it() -> None:
    backend = SlowBackend()
    async with in_list(backend) as (app, pilot):
        burst(app, "<f4>", "abc", "<enter>", "<enter>", "hello", "<enter>", "x")
        await until(pilot, lambda: backend.created)
        backend.answers.set()
        await until(pilot, lambda: app.chats.screen and chat(app).composer.text == "x")
        assert backend.created == ["abc"]
        assert sent(backend) == ["hello"]
        assert [type(screen) for screen in app.screen_stack] == [ChatsScreen, ChatScreen]


async def test_a_server_that_hangs_takes_no_key_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "STEP_WITHIN_S", 0.01)
    backend = SlowBackend()
    async with in_list(backend) as (app, pilot):
        burst(app, "<f4>", "abc", "<enter>", "<f1>")
        await until(pilot, lambda: isinstance(app.screen, Help))
        assert backend.created == ["abc"]


async def test_a_window_takes_what_was_typed_after_its_key() -> None:
    async with in_list() as (app, pilot):
        burst(app, "<f4>", "abc", "<escape>", "<f4>", "#d")
        await until(pilot, lambda: app.screen.query("NewChat Input") and app.screen.query_one(Input).value)
        assert isinstance(app.screen, NewChat)
        await until(pilot, lambda: app.screen.query_one(Input).value == "#d")


async def test_a_chat_is_left_with_its_draft_and_another_opened() -> None:
    async with in_list() as (app, pilot):
        burst(app, "<enter>", "draft", "<escape>", "<down>", "<enter>", "other")
        await until(pilot, lambda: app.chats.screen and chat(app).composer.text == "other")
        assert chat(app).session.chat_id == "beta"
        assert app.local.remembered.drafts == {"gamma": "draft", "beta": "other"}


async def test_what_the_palette_finds_is_done() -> None:
    async with in_list() as (app, pilot):
        burst(app, "<f12>", "microphones", "<enter>", "<down>", "<enter>")
        await until(pilot, lambda: load().settings.device)
        await until(pilot, lambda: isinstance(app.screen, ChatsScreen))


async def test_nothing_is_done_where_the_palette_finds_nothing() -> None:
    async with in_list() as (app, pilot):
        burst(app, "<f12>", "help", "xyz", "<enter>", "<escape>", "/", "b")
        await until(pilot, lambda: app.screen.query("#search") and app.screen.query_one(Input).value == "b")
        assert isinstance(app.screen, ChatsScreen)


async def test_each_enter_changes_a_setting_once() -> None:
    async with in_list() as (app, pilot):
        burst(app, "<f7>")
        await until(pilot, lambda: isinstance(app.screen, SettingsWindow) and app.screen.focused)
        window = app.screen
        assert isinstance(window, SettingsWindow)
        place = [line.key for line in window._lines].index("journal")
        burst(app, *["<down>"] * place, *["<enter>"] * 3, "<escape>", "/", "b")
        await until(pilot, lambda: app.screen.query("#search") and app.screen.query_one(Input).value == "b")
        assert load().settings.journal


async def test_a_message_is_marked_and_copied_and_letters_go_to_the_composer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with in_chat(messages=3) as (app, pilot, _, _):
        copied: list[str] = []
        monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
        burst(app, "mine", "<enter>", "<shift+tab>", "<up>", "<f5>", "<up>", "<up>", "<f5>", "so", Paste("!"))
        await until(pilot, lambda: chat(app).composer.text == "so!")
        assert copied == ["mine", "message 2"]
        assert app.focused is chat(app).composer


async def test_a_key_that_needs_the_chat_waits_until_it_is_joined_and_letters_do_not() -> None:
    backend = StagedBackend([summary(CHAT, TITLE, "bob: first", count=1)])
    async with in_list(backend) as (app, pilot):
        await until(pilot, lambda: app.screen.query_one(OptionList).option_count)
        burst(app, "<enter>", "hello", "<alt+x>", "y", "<enter>", "x")
        await until(pilot, lambda: backend.links and chat(app).composer.text == "hello")
        backend.links[0].tell(connected(seq=1), stored(1, "bob", "first"), caught_up(1))
        await until(pilot, lambda: "end_chat" in backend.links[0].calls)
        await until(pilot, lambda: chat(app).composer.text == "x")
        assert sent(backend) == ["hello"]


@pytest.mark.parametrize("key", ["f2", "ctrl+t"])
async def test_a_key_that_is_held_down_opens_the_microphone_once(key: str) -> None:
    now = [1000.0]
    async with in_chat(clock=lambda: now[0]) as (app, pilot, _, sound):
        burst(app, *[f"<{key}>"] * 25, "x")
        await until(pilot, lambda: chat(app).composer.text == "x")
        assert talks(sound)
        assert len(sound.voices[0].talks) == 1
        burst(app, f"<{key}>", "y")
        await until(pilot, lambda: chat(app).composer.text == "xy")
        assert not talks(sound)
        now[0] += 1.0
        burst(app, f"<{key}>", "z")
        await until(pilot, lambda: chat(app).composer.text == "xyz")
        assert talks(sound)


async def test_a_key_that_is_held_down_mutes_once() -> None:
    async with in_chat() as (app, pilot, _, _):
        burst(app, *["<f3>"] * 24, "x")
        await until(pilot, lambda: chat(app).composer.text == "x")
        assert app.local.muted


async def test_a_window_closes_once() -> None:
    async with in_list() as (app, pilot):
        burst(app, "<f6>")
        await until(pilot, lambda: isinstance(app.screen, DevicesWindow))
        window = app.screen
        assert isinstance(window, DevicesWindow)
        window.dismiss(None)
        window.dismiss(None)
        await until(pilot, lambda: not window.is_running)
        assert [type(screen) for screen in app.screen_stack] == [ChatsScreen]


async def test_more_keys_than_can_wait_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "WAITING", 4)
    async with in_chat() as (app, pilot, _, _):
        burst(app, "abcdefgh")
        await until(pilot, lambda: app._notifications)
        await until(pilot, lambda: chat(app).composer.text == "abcd")
        assert len(app._notifications) == 1
        burst(app, "e")
        await until(pilot, lambda: chat(app).composer.text == "abcde")


async def test_two_presses_of_ctrl_c_quit_however_long_the_app_takes_for_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0]

    def take_long(*_: object, **_named: object) -> None:
        now[0] += 60.0

    async with in_chat(clock=lambda: now[0]) as (app, pilot, _, _sound):
        monkeypatch.setattr(app, "notify", take_long)
        burst(app, "<ctrl+c>", "<ctrl+c>")
        await until(pilot, lambda: app._exit)
