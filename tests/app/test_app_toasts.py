"""Toasts: they cover nothing, are few, go with a key, and don't say the same again and again."""

import pytest
from textual.pilot import Pilot
from textual.widgets import Static
from textual.widgets._toast import Toast

from tests.support.staged import (
    CHAT,
    UNREACHABLE,
    StagedBackend,
    caught_up,
    connected,
    staged_app,
    stored,
    until,
)
from tests.support.staged_sound import BUILT_IN, HEADSET, StagedSound
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.levels import Level
from voicechat_tui.sources.microphone.events import AllZero, LevelChanged, Opened
from voicechat_tui.ui.app import VoicechatApp
from voicechat_tui.ui.base_app import TOASTS
from voicechat_tui.ui.screens.chats import ChatsScreen

SILENT = VoicechatError(ErrorCode.NO_MICROPHONE, "It delivers nothing at all.", "Look for its switch.")


def titles(app: VoicechatApp) -> list[str]:
    return [note.title for note in app._notifications]


async def voices(pilot: Pilot[None], sound: StagedSound, count: int) -> None:
    await until(pilot, lambda: len(sound.voices) == count)


async def again(pilot: Pilot[None], app: VoicechatApp) -> None:
    """Leave the chat, and come back to it."""
    await pilot.press("escape")
    await until(pilot, lambda: isinstance(app.screen, ChatsScreen))
    app.chats.open_chat(CHAT)
    await until(pilot, lambda: app.chats.screen and app.chats.screen.is_mounted)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (50, 24)], ids=str)
async def test_they_cover_nothing_that_is_read_or_written(size: tuple[int, int]) -> None:
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: backend.links and app.chats.screen and app.chats.screen.is_mounted)
        screen = app.chats.screen
        assert screen is not None
        backend.links[0].tell(
            connected(), *[stored(n, "bob", f"message {n}") for n in range(1, 61)], caught_up(60)
        )
        await until(pilot, lambda: len(screen.timeline.rows) == 60)
        for number in range(TOASTS + 2):
            app.report_error(f"Trouble {number}", UNREACHABLE)
        await until(pilot, lambda: len(screen.query(Toast)) == TOASTS)
        assert titles(app) == [f"Trouble {number}" for number in range(2, TOASTS + 2)]
        parts = (screen.timeline, screen.composer, screen.query_one("#head", Static))
        await until(pilot, lambda: all(toast.region.height > 1 for toast in screen.query(Toast)))
        for part in parts:
            assert not any(toast.region.overlaps(part.region) for toast in screen.query(Toast)), part
            assert screen.region.contains_region(part.region)
        last = screen.timeline.render_line(screen.timeline.size.height - 1).text
        assert last.rstrip().endswith("message 60")


async def test_a_key_takes_them_away_and_does_nothing_without_any() -> None:
    app = staged_app(StagedBackend(), chat=CHAT)
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: app.chats.screen and app.chats.screen.is_mounted)
        assert app.check_action("dismiss", ()) is False
        app.announce("One", "It has happened.")
        app.announce("Two", "It has happened.")
        await until(pilot, lambda: len(app.screen.query(Toast)) == 2)
        await pilot.press("alt+d")
        await until(pilot, lambda: not app.screen.query(Toast))
        assert [entry.text for entry in app.log_lines.lines][-2:] == [
            "One: It has happened.",
            "Two: It has happened.",
        ]


async def test_the_same_is_not_shown_twice_at_a_time() -> None:
    app = staged_app(StagedBackend(), chat=CHAT)
    async with app.run_test(notifications=True) as pilot:
        app.announce("One", "It has happened.")
        await until(pilot, lambda: titles(app) == ["One"])
        app.announce("One", "It has happened.")
        app.announce("One", "It has happened again.")
        await until(pilot, lambda: len(titles(app)) > 1)
        assert [note.message for note in app._notifications] == ["It has happened.", "It has happened again."]


async def test_a_silent_microphone_is_told_once_until_it_was_heard() -> None:
    backend, sound = StagedBackend(), StagedSound()
    app = staged_app(backend, chat=CHAT, sound=sound)

    def silent_times() -> int:
        return sum("is silent" in entry.text for entry in app.log_lines.lines)

    async with app.run_test(notifications=True) as pilot:
        for entry in range(3):
            await voices(pilot, sound, entry + 1)
            sound.voices[entry].tell(Opened(HEADSET.id, 48_000), AllZero(SILENT), LevelChanged(Level()))
            await until(pilot, lambda: app.status.level)
            assert silent_times() == 1
            await again(pilot, app)
        await until(pilot, lambda: len(sound.voices) == 4)
        sound.voices[3].tell(Opened(BUILT_IN.id, 48_000), AllZero(SILENT))
        await until(pilot, lambda: silent_times() == 2)
        sound.voices[3].tell(Opened(HEADSET.id, 48_000), LevelChanged(Level(-30.0, -30.0)), AllZero(SILENT))
        await until(pilot, lambda: silent_times() == 3)


async def test_another_microphone_than_the_wished_one_is_told_once() -> None:
    sound = StagedSound()
    app = staged_app(StagedBackend(), chat=CHAT, sound=sound)
    missing = VoicechatError(ErrorCode.NO_MICROPHONE, "The headset is not there.", "Plug it in.")
    async with app.run_test(notifications=True) as pilot:
        for entry in range(2):
            await voices(pilot, sound, entry + 1)
            sound.voices[entry].tell(Opened(BUILT_IN.id, 48_000, missing), LevelChanged(Level()))
            await until(pilot, lambda: app.status.level)
            await again(pilot, app)
        assert sum("not there" in entry.text for entry in app.log_lines.lines) == 1
