"""Checks of the terminal: whether the app can be drawn here."""

import os
import shutil
import sys
from dataclasses import dataclass

from rich.console import Console

from voicechat_tui.console.screen import writable
from voicechat_tui.doctor.finding import Check, Finding, Verdict, note, ok
from voicechat_tui.language import _, mark

COMFORTABLE = (80, 24)
USABLE = (30, 8)
"""The minimum that `ui.screens.base` needs; a test compares the two."""
_USE_UTF8 = mark("Choose a UTF-8 locale, such as `export LANG=C.UTF-8`; on Windows `set PYTHONUTF8=1`.")


@dataclass(frozen=True)
class Terminal:
    """What is known about the terminal.

    Attributes:
        is_one: Whether it is a terminal, for reading keys and for drawing.
        columns: Its width.
        rows: Its height.
        name: What `TERM` says.
        colours: How many colours it has, as rich names it: None, `standard`, `256`, `truecolor` or `windows`.
        no_color: Whether `NO_COLOR` asks for none.
        encoding: How text is written to it.
    """

    is_one: bool
    columns: int
    rows: int
    name: str
    colours: str | None
    no_color: bool
    encoding: str


def look() -> Terminal:
    """Return the terminal of this process."""
    columns, rows = shutil.get_terminal_size()
    draws = any(stream is not None and stream.isatty() for stream in (sys.stdout, sys.stderr))
    no_color = bool(os.environ.get("NO_COLOR"))
    return Terminal(
        is_one=draws and sys.stdin is not None and sys.stdin.isatty(),
        columns=columns,
        rows=rows,
        name=os.environ.get("TERM", ""),
        colours=Console(file=sys.stderr, no_color=no_color).color_system,
        no_color=no_color,
        encoding=getattr(sys.stdout, "encoding", None) or "ascii",
    )


def judge(terminal: Terminal) -> list[Finding]:
    """Judge a terminal."""
    if not terminal.is_one:
        return [
            note(
                Check.TERMINAL,
                _("Input or output is not a terminal."),
                _("The app needs one; `say`, `tail` and `replay` need none."),
            ),
            _characters(terminal),
        ]
    return [_size(terminal), _colours(terminal), _characters(terminal)]


def _size(terminal: Terminal) -> Finding:
    size = _(
        "{name}, {columns} columns, {rows} rows.",
        name=terminal.name or "?",
        columns=terminal.columns,
        rows=terminal.rows,
    )
    if terminal.name == "dumb":
        return Finding(
            Check.TERMINAL, Verdict.PROBLEM, size, _("TERM=dumb can't draw: start it in another terminal.")
        )
    if terminal.columns < USABLE[0] or terminal.rows < USABLE[1]:
        smallest = _("Enlarge it to at least {columns} x {rows}.", columns=USABLE[0], rows=USABLE[1])
        return Finding(Check.TERMINAL, Verdict.PROBLEM, size, smallest)
    if terminal.columns < COMFORTABLE[0] or terminal.rows < COMFORTABLE[1]:
        better = _("{columns} x {rows} shows more at a time.", columns=COMFORTABLE[0], rows=COMFORTABLE[1])
        return note(Check.TERMINAL, size, better)
    return ok(Check.TERMINAL, size)


def _colours(terminal: Terminal) -> Finding:
    if terminal.no_color:
        return ok(Check.COLOURS, _("None, because NO_COLOR is set."))
    if terminal.colours in ("truecolor", "256", "windows"):
        return ok(Check.COLOURS, f"{terminal.colours}.")
    return note(
        Check.COLOURS,
        _("The terminal reports at most 16 colours."),
        _('Set TERM to what it is, such as xterm-256color, or theme = "ansi" in the settings.'),
    )


def _characters(terminal: Terminal) -> Finding:
    if terminal.encoding.lower().replace("-", "").replace("_", "").startswith("utf8"):
        return ok(Check.TEXT, _("Text is UTF-8."))
    if writable(terminal.encoding) != terminal.encoding:
        return note(
            Check.TEXT,
            _(
                "The locale's encoding is {encoding}, which lacks Chinese: text is written in UTF-8.",
                encoding=terminal.encoding,
            ),
            _(_USE_UTF8),
        )
    return note(
        Check.TEXT,
        _("Text is {encoding}: characters it lacks are shown as question marks.", encoding=terminal.encoding),
        _(_USE_UTF8),
    )
