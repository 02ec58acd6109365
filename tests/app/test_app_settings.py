"""The settings in the app: checked while they are written, told with their source, followed at once."""

import tomllib
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from tests.support.chat_server import chat_serving
from tests.support.server import LiveServer
from tests.support.staged import CHAT, USER, StagedBackend, local_state, shown, staged_app, until
from tests.support.staged_sound import StagedSound
from voicechat_tui.client.connection.address import server_name
from voicechat_tui.client.http import HttpClient
from voicechat_tui.files import paths
from voicechat_tui.settings.loading import load
from voicechat_tui.ui.app import VoicechatApp
from voicechat_tui.ui.backend.server import ServerBackend
from voicechat_tui.ui.model.settings_view import SettingLine, lines
from voicechat_tui.ui.model.status import ConnectionState
from voicechat_tui.ui.screens.ask import Ask
from voicechat_tui.ui.screens.settings import SettingsWindow

NOWHERE = "http://127.0.0.1:9"


def file() -> dict[str, object]:
    path = paths.config_file()
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def app_with(text: str = "", chat: str | None = None, **options: str) -> VoicechatApp:
    """The real app with a settings file, and what the command line says."""
    paths.config_file().write_text(text, encoding="utf-8")
    loaded = load(options=options)
    return VoicechatApp(
        loaded,
        ServerBackend(loaded.settings.url),
        USER,
        local_state(server=server_name(loaded.settings.url)),
        sound=StagedSound(),
        chat_id=chat,
        options=options,
    )


async def ask_for(pilot: Pilot[None], key: str) -> None:
    """Open the question for a setting."""
    await pilot.press("f7")
    await choose(pilot, key)
    await shown(pilot, Ask)


async def choose(pilot: Pilot[None], key: str) -> None:
    """Choose a setting in the window."""
    options = (await shown(pilot, SettingsWindow)).query_one(OptionList)
    await until(pilot, lambda: options.option_count)
    options.highlighted = list(type(load().settings).model_fields).index(key)
    await pilot.press("enter")


async def write(pilot: Pilot[None], text: str, told: str = "") -> None:
    """Write a text in place of what is there, and wait for what is told of it: nothing if all is well."""
    window = await shown(pilot, Ask)
    window.query_one(Input).value = text
    wrong = window.query_one("#wrong", Static)
    await until(pilot, lambda: told in str(wrong.content) if told else not str(wrong.content))


def said(app: VoicechatApp) -> str:
    """All that toasts tell."""
    return " ".join(note.message for note in app._notifications)


def line_of(app: VoicechatApp, key: str) -> SettingLine:
    return next(line for line in lines(app.loaded, app.settings.url, app.user) if line.key == key)


@pytest.mark.parametrize(
    ("key", "wrong", "reason", "right"),
    [
        ("url", "not a url !!", "is not the address of a server", "voice.example:8000"),
        ("user", "x" * 65, "it has more than 64 characters", "anna"),
        ("pre_roll_ms", "-1", "it must be at least 0", "250"),
        ("journal_max_mb", "many", "it must be a whole number", "5"),
        ("reconnect_s", "1e99", "it must be at most 86400", "2.5"),
    ],
)
async def test_what_can_not_be_used_is_told_while_it_is_written_and_never_saved(
    key: str, wrong: str, reason: str, right: str
) -> None:
    app = staged_app()
    async with app.run_test() as pilot:
        await ask_for(pilot, key)
        await write(pilot, wrong, reason)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, Ask)
        assert file() == {}
        await write(pilot, right)
        await pilot.press("enter")
        await until(pilot, lambda: str(file().get(key)) == right)


async def test_each_value_is_shown_with_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECHAT_TUI_JOURNAL", "yes")
    app = app_with('user = "anna"\nreconnect_s = 9\n[keys]\ntalk = "f4"\n', url="http://a:b@voice.example")
    found = {
        line.key: (line.value, line.comes_from) for line in lines(app.loaded, app.settings.url, app.user)
    }
    assert found["url"] == ("http://***@voice.example", "--url")
    assert found["journal"] == ("yes", "VOICECHAT_TUI_JOURNAL")
    assert found["reconnect_s"] == ("9", "file")
    assert found["pre_roll_ms"] == ("300", "default")
    assert found["keys"] == ("talk = f4", "file")
    assert found["user"] == (USER, "file")


async def test_a_new_address_is_used_at_once_by_the_list_the_chat_and_what_is_remembered(
    tmp_path: Path, chat_id: str
) -> None:
    with chat_serving(tmp_path / "chats.db") as server:
        app = app_with(f'url = "{NOWHERE}"', chat=chat_id)
        async with app.run_test(size=(100, 40), notifications=True) as pilot:
            await until(pilot, lambda: app.status.connection is ConnectionState.RETRYING)
            await pilot.press(*"a draft")
            await ask_for(pilot, "url")
            await write(pilot, server.http)
            await pilot.press("enter")
            await until(pilot, lambda: app.status.connection is ConnectionState.CONNECTED)
            assert app.chats.shown is not None
            assert app.chats.shown.chat_id == chat_id
            assert app.settings.url == server.http
            screen = app.chats.screen
            assert screen is not None
            await pilot.press(*"hello", "enter")
            await until(pilot, lambda: [row.text for row in screen.timeline.rows] == ["hello"])
            await pilot.press("escape")
            await until(pilot, lambda: app.local.remembered.chats)
        assert file()["url"] == server.http
        assert app.local._contents.servers[NOWHERE][USER].drafts == {chat_id: "a draft"}
        await stands_in(server, chat_id, "hello")


async def stands_in(server: LiveServer, chat_id: str, text: str) -> None:
    async with HttpClient(server.http) as http:
        assert [message.content for message in (await http.chat(chat_id)).messages] == [text]


async def test_a_new_address_wins_over_the_one_of_the_command_line() -> None:
    app = app_with(url=NOWHERE)
    async with app.run_test() as pilot:
        await ask_for(pilot, "url")
        await write(pilot, "http://127.0.0.1:10")
        await pilot.press("enter")
        await until(pilot, lambda: app.settings.url == "http://127.0.0.1:10")
        assert line_of(app, "url").comes_from == "file"
        assert app.local.remembered is app.local._contents.of("http://127.0.0.1:10", USER)


async def test_a_hidden_login_is_kept_when_the_rest_is_corrected() -> None:
    app = app_with('url = "http://anna:hunter2@127.0.0.1:9"')
    async with app.run_test() as pilot:
        await ask_for(pilot, "url")
        assert app.screen.query_one(Input).value == "http://***@127.0.0.1:9"
        await write(pilot, "http://***@127.0.0.1:10", "stands for what only")
        await write(pilot, "http://***@127.0.0.1:9/voice")
        await pilot.press("enter")
        await until(pilot, lambda: file()["url"] == "http://anna:hunter2@127.0.0.1:9/voice")


async def test_the_next_theme_is_there_at_the_next_start() -> None:
    app = app_with()
    async with app.run_test() as pilot:
        await pilot.press("f8", "f8")
        await until(pilot, lambda: file().get("theme") == "ansi")
        assert (app.theme, line_of(app, "theme").value) == ("ansi", "ansi")
    assert app_with('theme = "ansi"').theme == "ansi"


async def test_a_theme_of_a_variable_holds_again_at_the_next_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECHAT_TUI_THEME", "light")
    app = app_with()
    async with app.run_test(notifications=True) as pilot:
        await pilot.press("f8")
        await until(pilot, lambda: "At the next start, VOICECHAT_TUI_THEME applies again." in said(app))
        assert app.theme == "ansi"
    assert file() == {}


async def test_a_theme_that_can_not_be_kept_is_taken_for_now() -> None:
    app = app_with("theme = light")
    async with app.run_test(notifications=True) as pilot:
        await pilot.press("f8")
        await until(pilot, lambda: [note for note in app._notifications if "saved" in note.title])
        assert app.theme == "light"
    assert paths.config_file().read_text(encoding="utf-8") == "theme = light"


async def test_what_a_variable_decides_and_what_is_changed_elsewhere_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VOICECHAT_TUI_USER", "anna")
    app = app_with()
    async with app.run_test(notifications=True) as pilot:
        await pilot.press("f7")
        await choose(pilot, "user")
        await until(pilot, lambda: "VOICECHAT_TUI_USER sets this" in said(app))
        await choose(pilot, "keys")
        await until(pilot, lambda: "Keys are changed in the file itself" in said(app))


async def test_a_chat_of_a_staged_server_is_left_with_its_draft() -> None:
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT)
    async with app.run_test() as pilot:
        await until(pilot, lambda: backend.links)
        await app.save_settings({"url": NOWHERE})
        await until(pilot, lambda: "leave" in backend.links[0].calls)
        assert app.chats.shown is not None
        assert len(app.screen_stack) == 2


async def test_another_setting_moves_nobody_to_an_address_that_was_written_meanwhile() -> None:
    app = app_with(f'url = "{NOWHERE}"')
    async with app.run_test() as pilot:
        paths.config_file().write_text('url = "http://127.0.0.1:10"', encoding="utf-8")
        await pilot.press("f8")
        await until(pilot, lambda: file().get("theme"))
        await until(pilot, lambda: app.loaded.settings.theme != "auto")
        assert app.settings.url == NOWHERE
