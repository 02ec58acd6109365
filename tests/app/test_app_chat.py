"""What the app does that no key asks for: drafts, refusals, reading back, lost microphones."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from textual.events import Key

from tests.support.staged import (
    CHAT,
    NOW,
    TITLE,
    UNREACHABLE,
    USER,
    StagedBackend,
    caught_up,
    connected,
    history,
    local_state,
    spoken,
    staged_app,
    stored,
    summary,
    until,
)
from tests.support.staged_sound import BUILT_IN, HEADSET, NO_MICROPHONE, StagedSound
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.levels import Level
from voicechat_common.protocol.chat import MessageKind
from voicechat_tui.client.chat.events import Failed, Refused
from voicechat_tui.client.chat.timeline import EntryState
from voicechat_tui.sources.microphone.events import LevelChanged, Lost, Opened, Unavailable
from voicechat_tui.ui.app import VoicechatApp
from voicechat_tui.ui.backend.chat_session import ChatSession
from voicechat_tui.ui.controllers.messages import ChatsListed
from voicechat_tui.ui.model.conversation import Conversation
from voicechat_tui.ui.model.status import ConnectionState, Mic
from voicechat_tui.ui.screens.chats import ChatsScreen
from voicechat_tui.voice.events import TalkEnded


async def test_a_draft_is_kept_on_disk_and_is_there_the_next_time(tmp_path: Path) -> None:
    file = tmp_path / "app.json"
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT, local=local_state(file))
    async with app.run_test() as pilot:
        await until(pilot, lambda: backend.links)
        await pilot.press(*"not yet")
        await until(pilot, lambda: "not yet" in local_state(file).remembered.drafts.get(CHAT, ""))
    again = staged_app(StagedBackend(), chat=CHAT, local=local_state(file))
    async with again.run_test() as pilot:
        await until(pilot, lambda: again.chats.screen)
        screen = again.chats.screen
        assert screen is not None
        await until(pilot, lambda: screen.composer.text == "not yet")


async def test_a_letter_with_alt_is_never_written() -> None:
    app = staged_app(StagedBackend(), chat=CHAT)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.chats.screen)
        screen = app.chats.screen
        assert screen is not None
        # What a terminal sends for alt+x carries the letter, which a pilot's key does not.
        for name in ("alt+x", "alt+j", "x"):
            app.post_message(Key(name, name[-1]))
        await until(pilot, lambda: screen.composer.text)
        assert screen.composer.text == "x"


@pytest.mark.parametrize("part", ["#foot", "#nothing"])
async def test_an_app_that_ends_draws_nothing_on_screens_it_has_taken_apart(
    monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    app = staged_app(StagedBackend())
    async with app.run_test() as pilot:
        # The app's own list must not come while it is still running.
        await until(pilot, lambda: app.status.connection is ConnectionState.CONNECTED)
        await app.screen.query(part).remove()
        with monkeypatch.context() as ending:
            ending.setattr(VoicechatApp, "is_running", False)
            app.on_chats_listed(ChatsListed([]))


async def test_a_text_that_was_never_stored_is_sent_again_by_the_next_run(tmp_path: Path) -> None:
    file = tmp_path / "app.json"
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT, local=local_state(file))
    async with app.run_test() as pilot:
        await until(pilot, lambda: backend.links and "enter" in backend.links[0].calls)
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: backend.links[0].sent)
        await pilot.press("ctrl+q")
    second = StagedBackend()
    again = staged_app(second, chat=CHAT, local=local_state(file))
    async with again.run_test() as pilot:
        await until(pilot, lambda: second.links and second.links[0].sent)
        assert second.links[0].sent == backend.links[0].sent


async def test_a_text_is_shown_and_kept_at_once_while_its_connection_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "app.json"
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT, local=local_state(file))
    async with app.run_test() as pilot:
        await until(pilot, lambda: backend.links and "enter" in backend.links[0].calls)
        monkeypatch.setattr(backend.links[0], "tell", lambda *events: None)
        screen = app.chats.screen
        assert screen is not None
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: [row.state for row in screen.timeline.rows] == [EntryState.WAITING])
        await until(pilot, lambda: list(local_state(file).unsent(CHAT).values()) == ["hello"])


async def test_a_text_of_an_earlier_run_is_shown_before_the_chat_is_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend, local = StagedBackend(), local_state()
    monkeypatch.setattr(backend, "prepare", asyncio.Event().wait)
    local.unsent(CHAT)["own-1"] = "hello"
    app = staged_app(backend, chat=CHAT, local=local)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.chats.screen)
        screen = app.chats.screen
        assert screen is not None
        await until(pilot, lambda: [row.text for row in screen.timeline.rows] == ["hello"])


@pytest.mark.parametrize("text", ["a" * 4_001, "a\x07b"], ids=["long", "control"])
async def test_a_text_that_cannot_be_a_message_stays_in_the_composer_before_the_chat_is_reached(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    backend = StagedBackend()
    monkeypatch.setattr(backend, "prepare", asyncio.Event().wait)
    app = staged_app(backend, chat=CHAT)
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: app.chats.screen and app.chats.screen.is_mounted)
        screen = app.chats.screen
        assert screen is not None
        screen.composer.text = text
        await pilot.press("enter")
        await until(pilot, lambda: app._notifications)
        assert [note.title for note in app._notifications] == ["Not sent"]
        assert (screen.composer.text, screen.session.unsent) == (text, {})


def test_no_more_texts_wait_before_the_chat_is_reached_than_over_a_connection() -> None:
    unsent = {str(number): "hello" for number in range(1000)}
    session = ChatSession(CHAT, TITLE, Conversation(USER, lambda: NOW), unsent)
    with pytest.raises(VoicechatError) as caught:
        session.say("one more")
    assert caught.value.code is ErrorCode.BUSY


async def test_a_refused_text_comes_back_to_be_corrected() -> None:
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT)
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: backend.links and "enter" in backend.links[0].calls)
        screen = app.chats.screen
        assert screen is not None
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: backend.links[0].sent)
        (name,) = backend.links[0].sent
        refusal = Refused(client_message_id=name, content="hello", code="x", message="No.", advice="Ask.")
        backend.links[0].tell(refusal)
        await until(pilot, lambda: screen.composer.text == "hello")
        await until(pilot, lambda: [note.message for note in app._notifications] == ["No. Ask."])
        assert not screen.session.unsent


async def test_what_waits_for_a_server_that_is_away_is_not_said_to_the_one_on_this_machine() -> None:
    away, here = StagedBackend(listed=UNREACHABLE), StagedBackend()
    local = local_state()
    app = staged_app(away, local=local, make_local=lambda started: here)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.can_start_local)
        app.chats.open_chat(CHAT)
        await until(pilot, lambda: away.links and "enter" in away.links[0].calls)
        await pilot.press(*"hello", "enter", "escape")
        await until(pilot, lambda: isinstance(app.screen, ChatsScreen))
        waiting = local.unsent(CHAT)
        await pilot.press("ctrl+l")
        await until(pilot, lambda: app.backend is here and "leave" in away.links[0].calls)
        app.chats.open_chat(CHAT)
        await until(pilot, lambda: here.links and "enter" in here.links[0].calls)
        assert list(waiting.values()) == ["hello"]
        assert (here.joined, here.links[0].sent) == ([(CHAT, USER, 0)], {})


async def test_mistakes_in_what_is_remembered_are_told_and_the_app_starts(tmp_path: Path) -> None:
    file = tmp_path / "app.json"
    file.write_text("{", encoding="utf-8")
    app = staged_app(StagedBackend(), local=local_state(file))
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: app._notifications)
        assert [note.title for note in app._notifications] == ["Drafts"]


async def test_reading_back_loads_older_messages_and_stays_in_place() -> None:
    backend = StagedBackend(listed=[summary(CHAT, TITLE, "bob: hi", count=260)])
    backend.pages = [
        history(seq, "bob", f"message {seq}", NOW - timedelta(minutes=300 - seq)) for seq in range(1, 261)
    ]
    local = local_state()
    local.remembered.chats = list(backend.listed) if isinstance(backend.listed, list) else []
    app = staged_app(backend, chat=CHAT, local=local)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: backend.joined)
        assert backend.joined == [(CHAT, "alice", 60)]
        screen = app.chats.screen
        assert screen is not None
        backend.links[0].tell(connected(), *[stored(seq, "bob", f"message {seq}") for seq in range(61, 261)])
        await until(pilot, lambda: len(screen.timeline.rows) == 200)
        screen.timeline.scroll_home(animate=False, immediate=True, force=True)
        await until(pilot, lambda: len(screen.timeline.rows) == 260)
        assert screen.timeline.rows[0].text == "message 1"
        assert not screen.timeline.follows
        seen = screen.timeline.render_line(0).text + screen.timeline.render_line(1).text
        assert "message 6" in seen


async def test_the_end_stays_in_sight_while_somebody_speaks_unless_one_reads_back() -> None:
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: backend.links)
        screen = app.chats.screen
        assert screen is not None
        backend.links[0].tell(connected(), *[stored(seq, "bob", f"message {seq}") for seq in range(1, 61)])
        await until(pilot, lambda: len(screen.timeline.rows) == 60)
        backend.links[0].tell(spoken("bob", "好" * 100, 1))
        await until(pilot, lambda: len(screen.timeline.rows) == 61)
        assert screen.timeline.scroll_y == screen.timeline.max_scroll_y
        await pilot.press("pageup")
        await until(pilot, lambda: not screen.timeline.follows)
        before = screen.timeline.scroll_y
        final = stored(61, "bob", "好" * 300, kind=MessageKind.SPEECH, message_id="speech-bob")
        backend.links[0].tell(final, stored(62, "bob", "more"), caught_up(62))
        await until(pilot, lambda: len(screen.timeline.rows) == 62)
        assert screen.timeline.scroll_y == before
        await until(pilot, lambda: "1 new below" in str(screen.query_one("#below").render()))


async def test_the_first_ctrl_c_explains_and_a_later_one_explains_again() -> None:
    time = [1000.0]
    app = staged_app(StagedBackend(), clock=lambda: time[0])
    async with app.run_test(notifications=True) as pilot:
        await pilot.press("ctrl+c")
        await until(pilot, lambda: len(app._notifications) == 1)
        time[0] += 60.0
        await pilot.press("ctrl+c")
        await until(pilot, lambda: len(app._notifications) == 2)
        assert not app._exit


async def test_a_chat_that_was_given_up_is_tried_anew_on_demand() -> None:
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT)
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: backend.links and "enter" in backend.links[0].calls)
        error = VoicechatError(ErrorCode.PROTOCOL_MISMATCH, "It speaks another protocol.", "Update it.")
        backend.links[0].tell(Failed.of(error))
        backend.links[0].end()
        await until(pilot, lambda: app.status.connection is ConnectionState.FAILED)
        await until(pilot, lambda: "leave" in backend.links[0].calls)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: len(backend.links) == 2)


async def test_a_lost_microphone_is_told_and_leaving_the_chat_closes_it() -> None:
    backend, sound = StagedBackend(), StagedSound()
    app = staged_app(backend, chat=CHAT, sound=sound)
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: sound.voices)
        sound.voices[0].tell(Opened(HEADSET.id, 48_000), LevelChanged(Level(-20.0, -20.0)))
        await until(pilot, lambda: app.status.mic is Mic.READY)
        await pilot.press("f2")
        await until(pilot, lambda: app.status.mic is Mic.OPEN)
        sound.voices[0].tell(Lost(HEADSET.id, NO_MICROPHONE))
        await until(pilot, lambda: app.status.mic is Mic.LOST)
        sound.voices[0].tell(Unavailable(NO_MICROPHONE))
        await until(pilot, lambda: app.status.mic is Mic.ABSENT)
        sound.voices[0].tell(Opened(HEADSET.id, 48_000))
        await until(pilot, lambda: app.status.mic is Mic.OPEN)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ChatsScreen) and not sound.voices[0].is_open)
        assert app.status.mic is Mic.OFF


async def test_what_was_said_is_delivered_after_its_chat_was_left_while_another_talk_begins() -> None:
    backend, sound = StagedBackend(), StagedSound()
    app = staged_app(backend, chat=CHAT, sound=sound)
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: sound.voices)
        first = sound.voices[0]
        first.is_delivering = True
        await pilot.press("f2", "escape")
        await until(pilot, lambda: first.is_down)
        app.chats.open_chat(CHAT)
        await until(pilot, lambda: len(sound.voices) == 2)
        await pilot.press("f2")
        sound.voices[1].tell(Opened(HEADSET.id, 48_000))
        await until(pilot, lambda: app.status.mic is Mic.OPEN)
        error = VoicechatError(ErrorCode.CONNECTION_LOST, "It was lost.", "Look.")
        first.tell(
            LevelChanged(Level(-1.0, -1.0)), Lost(HEADSET.id, NO_MICROPHONE), TalkEnded(1, error, 1500)
        )
        first.end()
        await until(pilot, lambda: len(app._notifications) == 2)
        assert [note.title for note in app._notifications] == ["The talk broke off", "Some speech was lost"]
        assert "1.5 s" in [note.message for note in app._notifications][1]
        assert (app.status.mic, app.status.level) == (Mic.OPEN, None)
        assert sound.voices[1].is_open


async def test_another_theme_leaves_a_talk_alone_and_another_microphone_takes_it_over() -> None:
    sound = StagedSound()
    app = staged_app(StagedBackend(), chat=CHAT, sound=sound)
    async with app.run_test() as pilot:
        await until(pilot, lambda: sound.voices)
        await pilot.press("f2")
        await until(pilot, lambda: sound.voices[0].is_open)
        settings = app.settings.model_copy(update={"theme": "light"})
        app.setting_changed(replace(app.loaded, settings=settings), app.user)
        await until(pilot, lambda: app.theme == "light")
        assert (sound.voices[0].is_open, len(sound.voices)) == (True, 1)
        settings = app.settings.model_copy(update={"device": BUILT_IN.id.name})
        app.setting_changed(replace(app.loaded, settings=settings), app.user)
        await until(pilot, lambda: len(sound.voices) == 2 and sound.voices[1].is_open)
        assert sound.voices[0].is_down


async def test_an_app_that_ends_counts_what_was_said_and_not_delivered() -> None:
    sound = StagedSound()
    app = staged_app(StagedBackend(), chat=CHAT, sound=sound)
    async with app.run_test() as pilot:
        await until(pilot, lambda: sound.voices)
        left = sound.voices[0]
        left.is_delivering, left.unheard_ms = True, 1000
        await pilot.press("f2", "escape")
        await until(pilot, lambda: left.is_down)
        app.chats.open_chat(CHAT)
        await until(pilot, lambda: len(sound.voices) == 2)
        await pilot.press("f2")
        await until(pilot, lambda: sound.voices[1].is_open)
        sound.voices[1].unheard_ms = 500
    assert app.unheard_ms == 1500


async def test_mistakes_in_the_settings_are_told_and_the_app_starts() -> None:
    problem = VoicechatError(
        ErrorCode.BAD_SETTING, "tui.toml, line 3: there is no setting usr.", "Did you mean user?"
    )
    app = staged_app(StagedBackend(), problem=problem, keys={"tlak": ("f4",)})
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: len(app._notifications) == 2)
        said = [note.message for note in app._notifications]
        assert said == [str(problem), "keys: there is no action tlak."]
