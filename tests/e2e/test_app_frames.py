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


def edges_of_window(screen: str) -> list[tuple[int, int]]:
    """The columns of the left and the right edge in each line of the window, once it has what was written.

    What stands beside the window belongs to the list behind it.
    """
    framed = [line for line in screen.splitlines() if "│" in line and not line.startswith("│")]
    edges = [(cells(line[: line.index("│")]), cells(line[: line.rindex("│")])) for line in framed]
    return edges if any("早上好 end" in line[line.index("│") :] for line in framed) else []


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
        edges = until(lambda: edges_of_window(terminal.screen()), terminal.screen)
        assert len(edges) > 2
        assert len(set(edges)) == 1, terminal.screen()
