"""An app in a terminal of its own, watched from outside: keys go in, and what it shows is asked for."""

import json
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from tests.support.pseudo_terminal import TerminalProcess, in_terminal
from tests.support.waiting import WITHIN_S, until

COLUMNS, ROWS = 100, 30


@dataclass(frozen=True)
class Press:
    """What is written into a terminal at once, and how many keys that is.

    Attributes:
        data: What the terminal sends.
        keys: How many keys the app gets; a paste counts as one.
        gap_s: How long nothing follows.
        is_alone: Whether nothing follows before it has come.
    """

    data: str
    keys: int = 1
    gap_s: float = 0.0
    is_alone: bool = False


class Watched:
    """An app, as its user and as who looks over the user's shoulder.

    Args:
        terminal: Where it runs.
        link: What tells what it shows.
    """

    def __init__(self, terminal: TerminalProcess, link: socket.socket) -> None:
        self._terminal = terminal
        self._asks = link.makefile("rw", encoding="utf-8")
        self._pressed = 0

    def burst(self, presses: Sequence[Press]) -> None:
        """Press keys as fast as their gaps let them follow each other; without a gap they are one write."""
        together = ""
        for press in presses:
            together += press.data
            self._pressed += press.keys
            if press.gap_s or press.is_alone:
                self._terminal.type(together)
                together = ""
                time.sleep(press.gap_s)
            if press.is_alone:
                self._ask("come")
        self._terminal.type(together)

    def one_by_one(self, presses: Sequence[Press]) -> None:
        """Press keys, each when nothing is left to be done for the one before it."""
        for press in presses:
            self.burst([Press(press.data, press.keys)])
            self.shown()

    def shown(self) -> dict[str, Any]:
        """Return what is shown when all keys have come and nothing is left to be done."""
        return self._ask("quiet")

    def _ask(self, wish: str) -> dict[str, Any]:
        self._asks.write(f"{wish} {self._pressed}\n")
        self._asks.flush()
        shown: dict[str, Any] = json.loads(self._asks.readline())
        assert shown.pop("keys") == self._pressed
        return shown


@contextmanager
def watched(directory: Path, *options: str, environment: dict[str, str]) -> Iterator[Watched]:
    """Run the app while the context lasts.

    Args:
        directory: Where it keeps its files.
        options: Of voicechat-tui.
        environment: Variables beside those of the tests.
    """
    directory.mkdir()
    address = directory / "socket"
    files = {f"VOICECHAT_TUI_{name}": str(directory / name.lower()) for name in ("CONFIG", "DATA", "LOG")}
    arguments = ("-m", "tests.support.watched_app", str(address), *options)
    sizes = {"columns": COLUMNS, "rows": ROWS}
    with (
        in_terminal(*arguments, **sizes, environment={**files, **environment}) as terminal,
        _read(terminal),
        socket.socket(socket.AF_UNIX) as link,
    ):
        link.settimeout(WITHIN_S)

        def is_linked() -> bool:
            assert terminal.process.poll() is None, terminal.output.decode()
            # The socket has its name a moment before it listens.
            return link.connect_ex(os.fspath(address)) == 0

        until(is_linked, terminal.output.decode)
        yield Watched(terminal, link)


@contextmanager
def _read(terminal: TerminalProcess) -> Iterator[None]:
    """Take what the app draws, so that it goes on, and let the app end before the terminal is closed."""

    def read() -> None:
        while terminal.read():
            pass

    reader = Thread(target=read, name="reader of a terminal")
    reader.start()
    try:
        yield
    finally:
        terminal.process.kill()
        terminal.process.wait()
        reader.join()
