"""What is unread in the list, against the real server: whoever said it, and wherever it was read."""

from pathlib import Path

from textual.pilot import Pilot

from tests.app.test_app_server import app_for
from tests.support.chat_server import post
from tests.support.server import LiveServer
from tests.support.staged import local_state, until
from voicechat_tui.client.http import HttpClient
from voicechat_tui.ui.app import VoicechatApp
from voicechat_tui.ui.model.chats import items
from voicechat_tui.ui.screens.chats import ChatsScreen


def unread(app: VoicechatApp) -> list[int]:
    """What the list counts."""
    known = app.local.remembered
    return [item.unread for item in items(known.chats, known.seen, {}, None, spoken=known.spoken)]


async def listed(pilot: Pilot[None], app: VoicechatApp, count: int) -> None:
    """Wait until the list has so many messages."""
    app.poller.ask_now()
    await until(pilot, lambda: sum(chat.message_count for chat in app.local.remembered.chats) == count)


async def test_what_one_has_said_elsewhere_is_not_unread(live_server: LiveServer, chat_id: str) -> None:
    user = f"person-{chat_id[-8:]}"
    async with HttpClient(live_server.http) as http:
        chat = (await http.create_chat(user, "Plans")).chat_id
        for speaker in (user, "bob", user):
            post(live_server.http, chat, speaker, "hello")
        app = app_for(live_server.ws, None, user)
        async with app.run_test(size=(100, 30)) as pilot:
            await listed(pilot, app, 3)
            assert unread(app) == [1]
            post(live_server.http, chat, user, "one more")
            await listed(pilot, app, 4)
            assert unread(app) == [1]
            post(live_server.http, chat, "bob", "and another")
            post(live_server.http, chat, user, "the last")
            await listed(pilot, app, 6)
            assert unread(app) == [2]
            app.chats.open_chat(chat)
            await until(pilot, lambda: app.chats.shown and app.chats.shown.caught_up)
            await until(pilot, lambda: unread(app) == [0])
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, ChatsScreen))
            post(live_server.http, chat, user, "from elsewhere")
            await listed(pilot, app, 7)
            assert unread(app) == [0]


async def test_what_another_app_of_the_person_has_shown_is_not_unread(
    live_server: LiveServer, chat_id: str, tmp_path: Path
) -> None:
    user, file = f"person-{chat_id[-8:]}", tmp_path / "app.json"
    async with HttpClient(live_server.http) as http:
        chat = (await http.create_chat(user, "Plans")).chat_id
        post(live_server.http, chat, "bob", "hello")
        first = app_for(live_server.ws, None, user, local=local_state(file, user=user))
        second = app_for(live_server.ws, chat, user, local=local_state(file, user=user))
        async with first.run_test(size=(100, 30)) as here:
            await listed(here, first, 1)
            assert unread(first) == [1]
            async with second.run_test(size=(100, 30)) as there:
                await until(there, lambda: second.chats.shown and second.chats.shown.caught_up)
                await until(there, lambda: local_state(file, user=user).remembered.seen.get(chat) == 1)
            first.poller.ask_now()
            await until(here, lambda: unread(first) == [0])
