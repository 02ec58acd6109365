"""Keeping native libraries' output to standard error off the screen.

PortAudio, ALSA and JACK write there from C, beyond the reach of any redirection of `sys.stderr`, and
corrupt what the app has drawn. So descriptor 2 goes to the log while the app runs. Textual draws through
`sys.__stderr__`, which gets a separate descriptor.

    with LogFile(paths.log_file(), level) as log, native_stderr.into(log):
        app.run()
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import TYPE_CHECKING, TextIO

from voicechat_tui.console.screen import writable
from voicechat_tui.logs.log_file import LogFile

if TYPE_CHECKING:
    from typing_extensions import Buffer

_STDOUT, _STDERR = 1, 2


@contextmanager
def into(log: LogFile) -> Iterator[None]:
    """Send descriptor 2 to the log, and let `sys.stderr` and `sys.__stderr__` write to the terminal.

    If standard error is not a terminal but standard output is, as in `voicechat-tui 2>errors`, they write
    to the latter, so that the app is drawn.
    """
    original = os.dup(_STDERR)
    before = sys.stderr, sys.__stderr__
    screen = _screen()
    try:
        _replace(screen, screen)
        log.follow(_point_stderr_at)
        try:
            yield
        finally:
            log.unfollow(_point_stderr_at)
            os.dup2(original, _STDERR)
            _replace(*before)
    finally:
        screen.close()
        os.close(original)


def _replace(stderr: TextIO, original: TextIO | None) -> None:
    sys.stderr = stderr
    # Final for type checkers; but nothing else tells Textual's driver where to draw.
    sys.__stderr__ = original  # type: ignore[assignment,misc]


def _screen() -> TextIO:
    descriptor = _STDERR if os.isatty(_STDERR) or not os.isatty(_STDOUT) else _STDOUT
    # A character that the encoding lacks becomes one question mark: an escape would take several cells.
    encoding = writable(getattr(sys.stderr, "encoding", None))
    return TextIOWrapper(
        BufferedWriter(_Terminal(os.dup(descriptor), "w")), encoding=encoding, errors="replace", newline=""
    )


class _Terminal(FileIO):
    """A terminal that accepts and discards everything once it is closed, so that the app can exit."""

    def write(self, data: "Buffer", /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _point_stderr_at(descriptor: int) -> None:
    os.dup2(descriptor, _STDERR)
