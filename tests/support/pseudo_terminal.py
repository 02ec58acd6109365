"""A process in a terminal of its own, whose screen is read back as bytes."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.waiting import WITHIN_S


@dataclass
class TerminalProcess:
    """A process whose standard streams are a terminal.

    Attributes:
        process: The process.
        master: The other end of its terminal.
        output: Everything it has written so far.
    """

    process: subprocess.Popen[bytes]
    master: int
    output: bytes = field(default=b"")

    def wait_for(self, text: str) -> None:
        """Read until it has written a text."""
        deadline = time.monotonic() + WITHIN_S
        while text.encode() not in self.output:
            assert time.monotonic() < deadline, f"{text!r} did not come: {self.output!r}"
            assert self.read(), f"it ended without {text!r}: {self.output!r}"

    def type(self, text: str) -> None:
        """Type into the terminal."""
        os.write(self.master, text.encode())

    def hang_up(self) -> None:
        """Close the terminal, as a person who closes its window does."""
        os.close(self.master)
        self.master = -1

    def ended(self) -> int:
        """Wait for its end and return its status."""
        deadline = time.monotonic() + WITHIN_S
        while self.master >= 0 and self.read():
            assert time.monotonic() < deadline, f"it did not end: {self.output!r}"
        return self.process.wait(WITHIN_S)

    def read(self, within_s: float = 0.2) -> bool:
        """Read what there is, for a moment at most; tell whether there may be more."""
        ready, _, _ = select.select([self.master], [], [], within_s)
        if not ready:
            return True
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:  # Linux tells so that nobody has the other end any more.
            return False
        self.output += data
        return bool(data)


@contextmanager
def in_terminal(
    *arguments: str, columns: int = 80, rows: int = 24, environment: Mapping[str, str] | None = None
) -> Iterator[TerminalProcess]:
    """Run Python with arguments in a terminal; what is still running at the end is killed.

    Args:
        arguments: Of the interpreter.
        columns: The terminal's width.
        rows: The terminal's height.
        environment: Variables beside those of the tests.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm-256color", **(environment or {})},
        start_new_session=True,
        preexec_fn=_take_the_terminal,
    )
    os.close(slave)
    terminal = TerminalProcess(process, master)
    try:
        yield terminal
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        if terminal.master >= 0:
            os.close(terminal.master)


def _take_the_terminal() -> None:
    """Make standard input this session's terminal, whose end ends the process, under `nohup` too."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
