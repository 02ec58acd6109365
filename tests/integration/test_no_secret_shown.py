"""A password in the server's address: it opens the door, and stands in no output and no file."""

from pathlib import Path

import pytest

from tests.support.pseudo_terminal import in_terminal
from tests.support.replay_cli import tui
from tests.support.samples import DIRECTORY
from tests.support.server import LiveServer

SECRET = "hunter2"
PROGRAM = "from voicechat_tui.cli import main; main()"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of all the client's files, with the most talkative log."""
    monkeypatch.setenv("VOICECHAT_TUI_LOG_LEVEL", "debug")
    for name in ("CONFIG", "DATA", "LOG"):
        monkeypatch.setenv(f"VOICECHAT_TUI_{name}", str(tmp_path / name.lower()))
    return tmp_path


def address(of: str) -> str:
    return f"http://anna:{SECRET}@{of}"


def commands(chat_id: str) -> list[tuple[str, ...]]:
    return [
        ("say", "--chat", chat_id, "--user", "anna", "--json", "hello"),
        ("tail", "--chat", chat_id, "--no-follow", "--json"),
        ("replay", "--json", "--speed", "max", str(DIRECTORY / "greeting.wav")),
        ("doctor", "--no-microphone"),
        ("doctor", "--no-microphone", "--json"),
        ("locate",),
    ]


def assert_nothing_tells_it(directory: Path) -> None:
    told = [path for path in directory.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert told == []


async def test_no_command_shows_it(
    live_server: LiveServer, chat_id: str, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICECHAT_TUI_URL", address(live_server.address))
    for command in commands(chat_id):
        result = await tui(*command)
        assert result.code == 0, (command, result)
        assert SECRET not in result.out + result.err
    assert_nothing_tells_it(files)


@pytest.mark.parametrize("where", ["127.0.0.1:1", "voice.example:99999", "a b"])
async def test_no_failure_shows_it(where: str, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECHAT_TUI_URL", address(where))
    for command in commands("c")[:-1]:
        options = ("--wait-ready", "0") if command[0] == "replay" else ()
        options = ("--reconnect", "0") if command[0] in ("say", "tail") else options
        result = await tui(*command, *options)
        assert result.code != 0, (command, result)
        assert "***@" in result.out + result.err
        assert SECRET not in result.out + result.err
    assert_nothing_tells_it(files)


def test_neither_does_the_app_nor_what_it_keeps(live_server: LiveServer, chat_id: str, files: Path) -> None:
    url = address(live_server.address)
    with in_terminal("-c", PROGRAM, "--url", url, "--user", "anna", "--chat", chat_id) as terminal:
        terminal.wait_for("connected")
        terminal.type("a draft")
        terminal.type("\x1b[18~")  # F7, the settings
        terminal.wait_for("***@")
        terminal.type("\x11")
        assert terminal.ended() == 0
    assert SECRET.encode() not in terminal.output
    assert "a draft" in (files / "data" / "app.json").read_text(encoding="utf-8")
    assert_nothing_tells_it(files)
