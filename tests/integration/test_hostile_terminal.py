"""Nothing that a server says is obeyed by the terminal of whoever talks to it, whatever shows it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hostile_server import EVIL, HostileServer, error, hostile_server, obeyed
from tests.support.other_server import answering
from tests.support.pseudo_terminal import in_terminal
from tests.support.replay_cli import tui
from tests.support.samples import DIRECTORY

PROGRAM = "from voicechat_tui.cli import main; main()"
SAY = ("say", "--chat", "c", "--user", "u", "hello")
TAIL = ("tail", "--chat", "c", "--user", "u")
REPLAY = ("replay", str(DIRECTORY / "greeting.wav"))
DOCTOR = ("doctor", "--no-microphone")
COMMANDS = [SAY, TAIL, REPLAY, DOCTOR]
JSON_LINES = [(*SAY, "--json"), (*TAIL, "--json"), (*REPLAY, "--json")]


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of all the client's files, with the most talkative log."""
    monkeypatch.setenv("VOICECHAT_TUI_LOG_LEVEL", "debug")
    for name in ("CONFIG", "DATA", "LOG"):
        monkeypatch.setenv(f"VOICECHAT_TUI_{name}", str(tmp_path / name.lower()))
    return tmp_path


@pytest.fixture
def hostile() -> Iterator[HostileServer]:
    with hostile_server() as server:
        yield server


def assert_files_are_harmless(directory: Path) -> None:
    for path in directory.rglob("*"):
        assert obeyed(bytes(path)) == []
        if path.is_file():
            assert obeyed(path.read_bytes()) == [], path


def shown(command: tuple[str, ...], address: str) -> bytes:
    """Return what a command writes to its terminal until it ends by itself."""
    with in_terminal("-c", PROGRAM, *command, "--url", f"http://{address}") as terminal:
        terminal.ended()
        return terminal.output


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_no_command_lets_it_through(command: tuple[str, ...], hostile: HostileServer, files: Path) -> None:
    output = shown(command, hostile.address)
    assert b"evil" in output
    assert obeyed(output) == []
    assert hostile.sockets
    assert_files_are_harmless(files)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_no_command_lets_an_errors_words_through(command: tuple[str, ...], hostile: HostileServer) -> None:
    hostile.status = 400
    hostile.bodies = {path: {"error": error(EVIL)} for path in hostile.bodies}
    output = shown(command, hostile.address)
    assert b"evil" in output
    assert obeyed(output) == []


@pytest.mark.parametrize("command", [(*SAY, "--reconnect", "0"), REPLAY], ids=lambda command: command[0])
@pytest.mark.parametrize(
    "head",
    [
        "HTTP/1.1 302 Found\r\nLocation: ftp://{}",
        "HTTP/1.1 200 {}\r\nX-Evil: {}",
        "HTTP/1.1 101 {}\r\nUpgrade: {}",
        "{}",
    ],
)
def test_no_head_of_an_answer_is_let_through(command: tuple[str, ...], head: str) -> None:
    # What ends a line of a head ends the text.
    text = EVIL.replace("\r", "").replace("\x00", "")
    with answering(head.replace("{}", text).encode() + b"\r\n\r\n") as address:
        assert obeyed(shown(command, address)) == []


@pytest.mark.parametrize("command", JSON_LINES, ids=lambda command: command[0])
async def test_lines_of_json_say_it_without_writing_it(
    command: tuple[str, ...], hostile: HostileServer
) -> None:
    result = await tui(*command, "--url", f"http://{hostile.address}")
    assert obeyed((result.out + result.err).encode()) == []
    assert all(isinstance(json.loads(line), dict) for line in result.out.splitlines())
    assert "evil" in result.out


async def test_so_does_the_report_of_the_doctor(hostile: HostileServer) -> None:
    result = await tui(*DOCTOR, "--json", "--url", f"http://{hostile.address}")
    assert obeyed(result.out.encode()) == []
    assert any("evil" in finding["message"] for finding in json.loads(result.out)["findings"])


def test_neither_does_the_app_nor_what_it_saves(
    hostile: HostileServer, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile.ends_chat = False
    monkeypatch.chdir(files)
    options = ("--url", f"http://{hostile.address}", "--user", "u", "--chat", "c")
    with in_terminal("-c", PROGRAM, *options, columns=120, rows=40) as terminal:
        terminal.wait_for("evil")
        terminal.type("hello\r")
        terminal.type("\x13")  # Ctrl+S saves the chat.
        terminal.wait_for("c.md")
        terminal.type("\x11")
        assert terminal.ended() == 0
    assert obeyed(terminal.output) == []
    assert (files / "c.md").read_text(encoding="utf-8").endswith("evil\n")
    assert_files_are_harmless(files)
