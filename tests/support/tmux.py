"""A real terminal: keys go in, and the screen is read back."""

import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Self
from uuid import uuid4

from tests.support.programs import require
from tests.support.waiting import WITHIN_S, until


class Tmux:
    """A terminal with a program in it, on a tmux server of its own.

    Args:
        command: The program and its arguments.
        environment: Its variables, besides those of this process.
        size: Columns and rows.
    """

    def __init__(
        self, command: list[str], environment: Mapping[str, str], size: tuple[int, int] = (100, 30)
    ) -> None:
        require("tmux", package="tmux")
        self._socket = f"voicechat-{uuid4().hex[:8]}"
        # The terminal stays after the end of the program, so that its last words can be read.
        self._command = f"{shlex.join(command)}; echo EXIT $?; exec sleep 600"
        # Workers of pytest-xdist are told the size of no terminal; this one has a size of its own.
        own = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        self._environment = {**own, **environment}
        self._size = size

    def __enter__(self) -> Self:
        columns, rows = map(str, self._size)
        self._tmux("-f", os.devnull, "new-session", "-d", "-x", columns, "-y", rows, self._command)
        return self

    def __exit__(self, *failure: object) -> None:
        self._tmux("kill-server")

    def press(self, *keys: str) -> None:
        """Press keys by the names that tmux gives them."""
        self._tmux("send-keys", *keys)

    def write(self, text: str) -> None:
        """Type a text."""
        self._tmux("send-keys", "-l", text)

    def screen(self) -> str:
        """Return what the terminal shows."""
        return self._tmux("capture-pane", "-p")

    def colours(self) -> set[int]:
        """Return the codes of all colours on the screen, beside the terminal's usual ones."""
        styles = re.findall(r"\x1b\[([\d;]*)m", self._tmux("capture-pane", "-p", "-e"))
        codes = {int(code) for style in styles for code in style.split(";") if code}
        return {code for code in codes if 30 <= code < 50 or 90 <= code < 110} - {39, 49}

    def until(self, *texts: str) -> str:
        """Wait until the terminal shows all of some texts; return the whole screen."""

        def shown() -> str | None:
            screen = self.screen()
            return screen if all(text in screen for text in texts) else None

        return until(shown, lambda: f"no {texts!r} in\n{self.screen()}")

    def close(self) -> None:
        """Close the terminal as a person closes a window: what runs in it is hung up."""
        self._tmux("kill-session")

    def pid(self) -> int:
        """Return the process of the program."""
        shell = self._tmux("list-panes", "-F", "#{pane_pid}").strip()
        children = Path(f"/proc/{shell}/task/{shell}/children").read_text(encoding="ascii").split()
        return int(children[0])

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._socket, *arguments],
            env=self._environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=WITHIN_S,
        )
        return done.stdout
