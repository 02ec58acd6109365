"""The app in a real terminal, with a real microphone path, a real server and a network that breaks."""

import os
import subprocess
import sys
from importlib.resources import as_file
from pathlib import Path

import pytest

from tests.support.null_sink import NullSink, no_microphone, null_sink
from tests.support.relay import relay
from tests.support.samples import DIRECTORY, transcripts
from tests.support.server import LiveServer
from tests.support.tmux import Tmux
from tests.support.waiting import wait_for_end_of

APP = str(Path(sys.executable).with_name("voicechat-tui"))


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Variables that keep the app away from the user's own files."""
    return {f"VOICECHAT_TUI_{name}": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "LOG")}


def app(address: str, chat_id: str) -> list[str]:
    return [APP, "--url", address, "--user", "alice", "--chat", chat_id]


def begin_to_speak(terminal: Tmux, sink: NullSink) -> None:
    """Open the microphone and say the greeting."""
    terminal.press("F2")
    terminal.until("MIC OPEN")
    with as_file(DIRECTORY / "greeting.wav") as sample:
        sink.play(sample)


def test_start_speak_type_lose_the_network_come_back_and_quit(
    live_server: LiveServer, chat_id: str, files: dict[str, str]
) -> None:
    with (
        null_sink() as sink,
        relay(live_server.address) as network,
        Tmux(app(network.address, chat_id), {**files, **sink.environment}) as terminal,
    ):
        terminal.until("Nothing has been said here yet.", "● connected", "mic ready")

        begin_to_speak(terminal, sink)
        terminal.press("F2")
        screen = terminal.until("┃", "mic ready")
        assert transcripts()["greeting"] in screen

        terminal.write("typed by hand")
        terminal.press("Enter")
        assert "│ typed by hand" in terminal.until("│ typed by hand", "Write a message")

        network.cut()
        terminal.until("retrying in")
        terminal.write("while it was away")
        terminal.press("Enter")
        terminal.until("… while it was away")

        network.mend()
        terminal.until("● connected", "│ while it was away")

        terminal.press("C-c")
        terminal.until("again to quit")
        terminal.press("C-c")
        terminal.until("EXIT 0")


def test_what_is_said_in_an_outage_comes_after_its_chat_was_left_and_is_told_if_the_app_is_left_first(
    live_server: LiveServer, chat_id: str, files: dict[str, str]
) -> None:
    with (
        null_sink() as sink,
        relay(live_server.address) as network,
        Tmux(app(network.address, chat_id), {**files, **sink.environment}) as terminal,
    ):
        terminal.until("● connected", "mic ready")
        network.cut()
        terminal.until("retrying in")
        begin_to_speak(terminal, sink)
        terminal.press("Escape")
        terminal.until("Search")
        network.mend()
        terminal.until(transcripts()["greeting"])

        network.cut()
        terminal.press("Enter")
        terminal.until("mic ready", "retrying in")
        begin_to_speak(terminal, sink)
        terminal.press("C-q")
        said = terminal.until("EXIT 5")
        assert "s of what you said did not reach the server before the app ended." in said
        assert "journal = true" in said


def test_a_terminal_that_is_too_small_is_told_what_is_needed(
    live_server: LiveServer, chat_id: str, files: dict[str, str], tmp_path: Path
) -> None:
    quiet = no_microphone(tmp_path)
    with Tmux(app(live_server.address, chat_id), {**files, **quiet}, size=(20, 5)) as terminal:
        terminal.until("needs 30x8", "has 20x5")
        terminal.press("C-q")
        terminal.until("EXIT 0")


@pytest.mark.parametrize(("variables", "is_coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_no_color_leaves_no_colour_on_any_screen(
    live_server: LiveServer,
    chat_id: str,
    files: dict[str, str],
    tmp_path: Path,
    variables: dict[str, str],
    is_coloured: bool,
) -> None:
    without = {"NO_COLOR": "", "COLORTERM": "truecolor", **no_microphone(tmp_path)}
    with Tmux(app(live_server.address, chat_id), {**files, **without, **variables}) as terminal:
        terminal.until("● connected", "no microphone")
        terminal.write("hello")
        terminal.press("Enter")
        terminal.until("│ hello")
        assert bool(terminal.colours()) is is_coloured
        for key, shown in (("F1", "Help"), ("F12", "Search"), ("F9", "Log")):
            terminal.press(key)
            terminal.until(shown)
            assert bool(terminal.colours()) is is_coloured
            terminal.press("Escape")
            terminal.until("Write a message")


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_a_locale_without_utf8_takes_no_character_away(
    live_server: LiveServer, chat_id: str, files: dict[str, str], tmp_path: Path, locale: str
) -> None:
    in_locale = ["env", "-u", "PYTHONIOENCODING", "PYTHONUTF8=0", f"LC_ALL={locale}"]
    command = [*in_locale, *app(live_server.address, chat_id)]
    with Tmux(command, {**files, **no_microphone(tmp_path)}) as terminal:
        terminal.until("● connected", "╭────")
        terminal.write("你好")
        terminal.press("Enter")
        screen = terminal.until("│ 你好", "Write a message")
        assert "?" not in screen
        terminal.press("C-q")
        assert "Traceback" not in terminal.until("EXIT 0")


def test_a_closed_terminal_ends_the_app_and_keeps_the_draft(
    live_server: LiveServer, chat_id: str, files: dict[str, str], tmp_path: Path
) -> None:
    quiet = no_microphone(tmp_path)
    with Tmux(app(live_server.address, chat_id), {**files, **quiet}) as terminal:
        terminal.until("● connected")
        terminal.write("not sent")
        terminal.until("not sent")
        pid = terminal.pid()
        terminal.close()
        wait_for_end_of(pid)
    assert "not sent" in (Path(files["VOICECHAT_TUI_DATA"]) / "app.json").read_text(encoding="utf-8")


def test_a_server_of_its_own_is_started_and_ended_with_the_app(files: dict[str, str], tmp_path: Path) -> None:
    quiet = {**files, **no_microphone(tmp_path), "VOICECHAT_DATABASE": str(tmp_path / "chats.db")}
    with Tmux([APP, "--local", "--user", "alice", "--chat", "try"], quiet) as terminal:
        terminal.until("● connected", "Nothing has been said here yet.")
        children = descendants(terminal.pid())
        terminal.press("C-q")
        terminal.until("EXIT 0")
        for child in children:
            wait_for_end_of(child)
    assert children


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text(encoding="ascii").split()):
            found += [child, *descendants(child)]
    return found


def test_without_a_terminal_the_app_says_so(files: dict[str, str]) -> None:
    done = subprocess.run(
        [APP],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **files},
    )
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("module", ["voicechat_tui.cli", "voicechat_tui.ui.app"])
def test_the_client_imports_nothing_heavy(module: str) -> None:
    heavy = {"torch", "funasr", "sounddevice", "numpy", "httpx", "websockets"}
    code = f"import sys, {module}; print(*sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
