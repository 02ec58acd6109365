"""Frames in a real terminal: straight beside whatever people write."""

import sys
import unicodedata
from pathlib import Path

from tests.support.server import LiveServer
from tests.support.tmux import Tmux
from tests.support.waiting import until

APP = str(Path(sys.executable).with_name("voicechat-tui"))
WIDTH = 80
WRITTEN = "1️⃣2️⃣ ❤️ ☺︎ ⌚︎ 👨‍👩‍👧 👍🏽 🇩🇪 e\u0301 早上好 end"


def cells(line: str) -> int:
    """Return how many cells of the terminal a line takes of which the terminal has told each cell."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in line)
    return len(line) + wide - sum(unicodedata.combining(char) > 0 or char == "\u20e3" for char in line)


def written_in_window(screen: str) -> list[str]:
    """The lines of the window above the list, once it has what was written."""
    framed = [line.rstrip() for line in screen.splitlines() if line.lstrip().startswith("│")]
    window = [line for line in framed if not line.startswith("│")]
    return window if any("早上好 end" in line for line in window) else []


def test_the_composer_and_the_windows(live_server: LiveServer, chat_id: str, tmp_path: Path) -> None:
    files = {f"VOICECHAT_TUI_{name}": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "LOG")}
    command = [APP, "--url", live_server.http, "--user", "alice", "--chat", chat_id]
    with Tmux(command, files, (WIDTH, 24)) as terminal:
        terminal.until("● connected")
        terminal.write(WRITTEN)
        screen = terminal.until("end")
        framed = next(line for line in screen.splitlines() if "end" in line)
        assert (framed[0], framed[-1], cells(framed)) == ("│", "│", WIDTH)
        # With the cursor on each of the characters in turn.
        for _ in WRITTEN:
            terminal.press("Left")
            framed = next(line for line in terminal.until("end").splitlines() if "end" in line)
            assert (framed[0], framed[-1], cells(framed)) == ("│", "│", WIDTH), framed
        terminal.press("Enter")
        terminal.until("Write a message", "│ 1")
        terminal.press("Escape")
        terminal.until("Search", "alice: 1⃣2⃣ ❤")
        terminal.press("C-n")
        terminal.until("New chat")
        terminal.write(WRITTEN)
        window = until(lambda: written_in_window(terminal.screen()), terminal.screen)
        assert len(window) > 2
        assert {cells(line) for line in window} == {cells(window[0])}
        assert all(line.endswith("│") for line in window)
