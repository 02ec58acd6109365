"""How long a program takes from its start to its first words on a terminal."""

import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import time
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

WITHIN_S = 60.0
FILES = ("CONFIG", "DATA", "LOG")
_BLANK_APP = """
from textual.app import App
from textual.widgets import Static

class Blank(App):
    def compose(self):
        yield Static("blank app")

Blank().run()
"""

Program = tuple[tuple[str, ...], bytes]
"""A command, and the words of its first frame."""

BLANK: Program = ((sys.executable, "-c", _BLANK_APP), b"blank")
VOICECHAT: Program = (
    (str(Path(sys.executable).with_name("voicechat-tui")), "--user", "alice", "--url", "127.0.0.1:9"),
    b"voicechat",
)


def first_picture(program: Program) -> float:
    """Return the seconds until a program has drawn its words in a terminal of 120x40."""
    command, words = program
    ours, theirs = pty.openpty()
    ioctl(theirs, TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    with tempfile.TemporaryDirectory(prefix="voicechat-bench-") as scratch:
        began = time.monotonic()
        process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env=os.environ
            | {f"VOICECHAT_TUI_{name}": f"{scratch}/{name}" for name in ("CONFIG", "DATA", "LOG")},
        )
        os.close(theirs)
        try:
            return _until(ours, words, began)
        finally:
            process.kill()
            process.wait()
            os.close(ours)


def _until(descriptor: int, words: bytes, began: float) -> float:
    seen = b""
    while time.monotonic() - began < WITHIN_S:
        if select.select([descriptor], [], [], 1.0)[0]:
            seen += os.read(descriptor, 1 << 16)
            if words in seen:
                return time.monotonic() - began
    raise TimeoutError(f"nothing was drawn in {WITHIN_S:.0f} s")
