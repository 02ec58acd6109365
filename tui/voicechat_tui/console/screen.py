"""Standard output for data, standard error for notes, including the line that is rewritten in place."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.control import Control
from rich.progress_bar import ProgressBar
from rich.segment import ControlType
from rich.text import Text

from voicechat_common.errors import VoicechatError
from voicechat_common.printable import printable_lines
from voicechat_tui.language import _, understood

_BAR_WIDTH = 16
_CLEAR_LINE = Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2))


class Screen:
    """Where everything is printed. The live line gives way to anything else that appears.

    Args:
        stdout: Takes the data, one line at a time.
        stderr: Takes notes, and the live line if it is a terminal.
    """

    def __init__(self, stdout: TextIO, stderr: TextIO) -> None:
        self._stdout = stdout
        self._stderr = stderr
        self._console = Console(file=stderr, highlight=False, markup=False, emoji=False)
        self._output = Console(file=stdout, highlight=False, markup=False, emoji=False)
        self._writing = asyncio.Lock()
        self._live_shown = False

    @property
    def is_live(self) -> bool:
        """Whether there is a terminal for the live line."""
        return self._console.is_terminal and not self._console.is_dumb_terminal

    @property
    def width(self) -> int:
        """How many cells the live line may take: not the last column, where terminals would wrap."""
        return max(1, self._console.width - 1)

    async def data(self, line: str | Text) -> None:
        """Write one line to standard output. A slow reader, such as a pager, holds up nothing else.

        Args:
            line: The line, styled if it is for people.

        Raises:
            BrokenPipeError: If nobody is reading it any more.
        """
        async with self._writing:
            self.clear()
            await asyncio.to_thread(self._write, self._rendered(line))

    def note(self, text: str | Text) -> None:
        """Write a note."""
        self.clear()
        with self._read_by_somebody():
            self._console.print(_harmless(text), soft_wrap=True)

    def error(self, error: VoicechatError) -> None:
        """Print what went wrong and what to do."""
        self.error_line(understood(error.message))
        self.note(" " * cell_len(_("error: ")) + understood(error.advice))

    def error_line(self, text: str) -> None:
        """Print what went wrong, if there is nothing to do about it."""
        self.note(Text.assemble((_("error: "), "bold red"), text))

    def live(self, line: Text) -> None:
        """Rewrite the live line."""
        if self.is_live:
            with self._read_by_somebody():
                self._console.control(_CLEAR_LINE)
                self._console.print(_harmless(line), end="", no_wrap=True, overflow="ignore", crop=False)
            self._live_shown = True

    def clear(self) -> None:
        """Remove the live line."""
        if self._live_shown:
            with self._read_by_somebody():
                self._console.control(_CLEAR_LINE)
            self._live_shown = False

    def bar(self, share: float) -> Text:
        """Return a progress bar for the live line."""
        bar = ProgressBar(total=1.0, completed=share, width=_BAR_WIDTH)
        segments = self._console.render(bar, self._console.options.update(width=_BAR_WIDTH))
        text = Text.assemble(*((segment.text, segment.style or "") for segment in segments))
        text.pad_right(_BAR_WIDTH - text.cell_len)
        return text

    @contextmanager
    def _read_by_somebody(self) -> Iterator[None]:
        """Write notes only while anybody is there: a closed terminal must not make a command fail."""
        try:
            yield
        except OSError:
            into_nowhere(self._stderr)

    def _rendered(self, line: str | Text) -> str:
        if isinstance(line, str):
            return printable_lines(line)
        with self._output.capture() as capture:
            self._output.print(_harmless(line), soft_wrap=True, end="")
        return capture.get()

    def _write(self, line: str) -> None:
        self._stdout.write(line + "\n")
        self._stdout.flush()


def _harmless(text: str | Text) -> Text:
    """Return a text without control sequences, whoever wrote it, but with its styles."""
    if isinstance(text, str):
        return Text(printable_lines(text))
    harmless = text.copy()
    harmless.plain = printable_lines(text.plain)
    return harmless


def into_nowhere(stream: TextIO) -> None:
    """Make a stream that nobody reads discard everything, including what Python flushes at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def make_printable(stream: TextIO, *, utf8: bool) -> None:
    """Make sure that no text can crash a stream: what its encoding lacks becomes question marks.

    Args:
        stream: Standard output or error; anything else is left as it is.
        utf8: Whether to use UTF-8 in any case, for data that programs read.
    """
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(encoding=UTF8 if utf8 else writable(stream.encoding), errors="replace")


UTF8 = "utf-8"


def writable(encoding: str | None) -> str:
    """Return the encoding to write with.

    Args:
        encoding: The locale's encoding. If it lacks Chinese, like the ASCII of the C locale, UTF-8 is used
            instead, which modern terminals and programs expect anyway.
    """
    if encoding is None:
        return UTF8
    try:
        "语".encode(encoding)
    except UnicodeEncodeError:
        return UTF8
    return encoding
