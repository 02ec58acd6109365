"""Whatever is called late finds a screen whose parts are gone, or not there yet, and does nothing."""

import pytest
from textual.pilot import Pilot

from tests.support.staged import CHAT, StagedBackend, connected, history, staged_app, until
from voicechat_tui.console.exit_codes import ExitCode
from voicechat_tui.ui.app import VoicechatApp
from voicechat_tui.ui.controllers.poller import ChatListPoller
from voicechat_tui.ui.screens.chat import ChatScreen
from voicechat_tui.ui.screens.confirm import Confirm
from voicechat_tui.ui.screens.devices import DevicesWindow
from voicechat_tui.ui.screens.log import LogWindow
from voicechat_tui.ui.screens.present import Present
from voicechat_tui.ui.screens.settings import SettingsWindow


async def in_chat(app: VoicechatApp, backend: StagedBackend, pilot: Pilot[None]) -> ChatScreen:
    await until(pilot, lambda: backend.links)
    backend.links[0].tell(connected())
    screen = app.chats.screen
    assert screen is not None
    await until(pilot, lambda: screen.is_here)
    return screen


def call_all(screen: ChatScreen) -> None:
    """Call all that others call on a chat's screen."""
    screen.conversation_changed(0)
    screen.draw()
    screen.show_chat()
    screen.show_status()
    screen.take_back("a text")
    screen.older_came([])
    screen.check_action("copy", ())


async def test_a_screen_that_is_not_composed_yet_is_not_drawn() -> None:
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT)
    async with app.run_test() as pilot:
        first = await in_chat(app, backend, pilot)
        screen = ChatScreen(first.session)
        app.push_screen(screen)
        call_all(screen)
        await until(pilot, lambda: screen.is_here)
        call_all(screen)


async def test_a_frame_that_is_due_when_the_screen_goes_is_not_drawn() -> None:
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT)
    async with app.run_test() as pilot:
        screen = await in_chat(app, backend, pilot)
        screen.conversation_changed(0)
        # A timer hands its callback over so; it is called when the screen has lost its parts already.
        app.chats.leave_chat(screen.session)
        await until(pilot, lambda: not screen.is_here)
        screen.call_next(screen.draw)
        await pilot.pause()
        call_all(screen)


async def test_in_an_app_that_ends_nothing_is_drawn_and_nothing_begins() -> None:
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT)
    async with app.run_test() as pilot:
        screen = await in_chat(app, backend, pilot)
        screen.conversation_changed(0)
        app.leave()
        app.push_screen(ChatScreen(screen.session))
        call_all(screen)
        await until(pilot, lambda: not app.is_running)
        call_all(screen)
        app.show_status()
    assert app.crash is None


async def test_older_messages_that_come_while_the_chat_is_opened_again_are_shown() -> None:
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT)
    async with app.run_test() as pilot:
        screen = await in_chat(app, backend, pilot)
        session = screen.session
        app.push_screen(again := ChatScreen(session))
        rows = session.conversation.add_older([history(1, "bob", "long ago")])
        again.older_came(session.conversation.rows()[:rows])
        await until(pilot, lambda: again.is_here)
        assert [row.text for row in again.timeline.rows] == ["long ago"]


@pytest.mark.parametrize("make", [DevicesWindow, SettingsWindow, lambda: Confirm("?")])
async def test_a_window_is_closed_once_whatever_is_over_it(make: type[Present[None]]) -> None:
    app = staged_app(StagedBackend())
    async with app.run_test() as pilot:
        window = make()
        app.push_screen(window)
        await until(pilot, lambda: window.is_here)
        app.push_screen(over := LogWindow(app.log_lines))
        await until(pilot, lambda: over.is_here)
        window.dismiss(None)
        assert app.screen is over
        over.dismiss(None)
        over.dismiss(None)
        window.dismiss(None)
        window.dismiss(None)
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_work_that_breaks_ends_the_app_and_is_told_to_whoever_runs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("inside")

    async def use() -> None:
        async with app.run_test() as pilot:
            await until(pilot, lambda: app.crash)

    monkeypatch.setattr(ChatListPoller, "run", broken)
    app = staged_app(StagedBackend())
    with pytest.raises(ZeroDivisionError):
        await use()
    assert isinstance(app.crash, ZeroDivisionError)
    assert app.return_code == ExitCode.FAILED
