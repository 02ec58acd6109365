"""The app against the real server with the demo model: speech that grows, texts, outages, bad servers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
from textual.pilot import Pilot

from tests.support.samples import audio, transcripts
from tests.support.server import LiveServer
from tests.support.staged import NOW, USER, local_state, summary, until
from tests.support.staged_sound import StagedSound
from voicechat_common.protocol.speech import Start
from voicechat_tui.client.chat.client import ChatClient
from voicechat_tui.client.chat.events import Acked
from voicechat_tui.client.chat.timeline import EntryState
from voicechat_tui.client.http import HttpClient
from voicechat_tui.client.speech.client import SpeechClient
from voicechat_tui.files import paths
from voicechat_tui.settings.loading import Loaded
from voicechat_tui.settings.model import Settings
from voicechat_tui.ui.app import VoicechatApp
from voicechat_tui.ui.backend.server import ServerBackend
from voicechat_tui.ui.memory.local_state import LocalState
from voicechat_tui.ui.model.status import ConnectionState
from voicechat_tui.ui.screens.chat import ChatScreen


def app_for(
    url: str, chat_id: str | None, user: str = USER, *, local: LocalState | None = None
) -> VoicechatApp:
    settings = Settings(url=url, theme="dark")
    return VoicechatApp(
        Loaded(settings, None, paths.config_file()),
        ServerBackend(url),
        user,
        local or local_state(),
        sound=StagedSound(),
        chat_id=chat_id,
        now=lambda: NOW,
    )


@asynccontextmanager
async def in_chat(server: LiveServer, chat_id: str) -> AsyncIterator[tuple[Pilot[None], ChatScreen]]:
    app = app_for(server.ws, chat_id)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: app.chats.screen)
        screen = app.chats.screen
        assert screen is not None
        await until(pilot, lambda: screen.session.caught_up)
        yield pilot, screen


async def speak(server: LiveServer, chat_id: str, name: str, goes_on: asyncio.Event) -> None:
    """Say a sample into a chat, as somebody else's microphone does; its second half waits."""
    start = Start(chat_id=chat_id, user="bob")
    first, second = np.array_split(audio(name), 2)
    async with SpeechClient(f"{server.ws}/ws", start) as client:
        await client.send(first)
        await goes_on.wait()
        await client.send(second)
        client.stop()
        async for _ in client:
            pass


async def test_somebodys_speech_grows_in_one_row_and_stays(live_server: LiveServer, chat_id: str) -> None:
    async with in_chat(live_server, chat_id) as (pilot, screen):
        states: list[tuple[int, EntryState]] = []

        def seen() -> bool:
            rows = screen.timeline.rows
            states.extend((len(rows), row.state) for row in rows[-1:])
            if rows and rows[-1].state is EntryState.SPOKEN:
                goes_on.set()
            return bool(rows) and rows[-1].state is EntryState.STORED

        goes_on = asyncio.Event()
        speaking = asyncio.create_task(speak(live_server, chat_id, "greeting", goes_on))
        await until(pilot, seen)
        await speaking
        row = screen.timeline.rows[-1]
        assert (row.speaker, row.text, row.spoken) == ("bob", transcripts()["greeting"], True)
        assert {count for count, _ in states} == {1}
        assert EntryState.SPOKEN in {state for _, state in states}


async def test_what_one_types_is_stored_for_everybody(live_server: LiveServer, chat_id: str) -> None:
    async with in_chat(live_server, chat_id) as (pilot, screen):
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: [row.state for row in screen.timeline.rows] == [EntryState.STORED])
        assert screen.composer.text == ""
        async with HttpClient(live_server.http) as http:
            messages = (await http.chat(chat_id)).messages
        assert [(message.speaker, message.content) for message in messages] == [(USER, "hello")]


async def test_a_chat_is_begun_and_found_in_the_list(live_server: LiveServer, chat_id: str) -> None:
    user = f"person-{chat_id[-8:]}"
    app = app_for(live_server.ws, None, user)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.status.connection is ConnectionState.CONNECTED)
        await pilot.press("ctrl+n", *"Plans", "enter")
        await until(pilot, lambda: app.chats.screen is not None)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen.query("ChatList") and not app.screen.has_class("empty"))
        assert [chat.title for chat in app.local.remembered.chats] == ["Plans"]


async def test_the_app_comes_back_after_an_outage_with_what_was_written_meanwhile(
    live_server: LiveServer, chat_id: str
) -> None:
    async with in_chat(live_server, chat_id) as (pilot, screen):
        link = screen.session.link
        assert isinstance(link, ChatClient)
        link._link.cut()
        await pilot.press(*"still here", "enter")
        await until(pilot, lambda: [row.text for row in screen.timeline.rows] == ["still here"])
        await until(pilot, lambda: [row.state for row in screen.timeline.rows] == [EntryState.STORED])
        assert not screen.session.unsent


async def test_a_text_of_an_earlier_run_that_cannot_be_a_message_is_given_back(
    live_server: LiveServer, chat_id: str
) -> None:
    local = local_state()
    local.unsent(chat_id).update({"own-1": "a" * 4_001, "own-2": "hello"})
    app = app_for(live_server.ws, chat_id, local=local)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: not local.unsent(chat_id))
        screen = app.chats.screen
        assert screen is not None
        await until(
            pilot,
            lambda: [row.state for row in screen.timeline.rows] == [EntryState.STORED, EntryState.REFUSED],
        )
        await until(pilot, lambda: [note.title for note in app._notifications] == ["Not sent"])


async def test_a_server_with_fewer_messages_than_are_remembered_is_asked_for_all(
    live_server: LiveServer, chat_id: str
) -> None:
    async with ChatClient(live_server.ws, chat_id, "bob") as bob:
        bob.send("hello")
        async for event in bob.events():
            if isinstance(event, Acked):
                break
    local = local_state()
    local.remembered.chats = [summary(chat_id, "Of another history", count=1000)]
    app = app_for(live_server.ws, chat_id, local=local)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: app.chats.shown and app.chats.shown.caught_up)
        screen = app.chats.screen
        assert screen is not None
        await until(pilot, lambda: [row.text for row in screen.timeline.rows] == ["hello"])
        assert list(app._notifications) == []
        assert [entry.text for entry in app.log_lines.lines if "another history" in entry.text]


async def test_a_server_that_speaks_no_protocol_is_told_in_words(garbage_server: str) -> None:
    app = app_for(garbage_server, None)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.reason)
        assert "Traceback" not in app.reason
        assert garbage_server.removeprefix("ws://") in app.reason
        assert app.status.connection is ConnectionState.RETRYING
