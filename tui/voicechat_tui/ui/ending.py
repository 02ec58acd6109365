"""How an app ends: when it is left, on a signal, and when it crashes."""

import logging
import sys
from io import StringIO

from rich.console import Console, RenderableType
from textual.app import App
from textual.worker import WorkerFailed

from voicechat_tui.console.exit_codes import ExitCode

_WIDTH = 120
"""Columns of a traceback in the log, where Textual rendered it for the screen."""


class EndingApp(App[None]):
    """An app that prints nothing when it ends, for whatever reason."""

    def __init__(self) -> None:
        super().__init__()
        self._was_told_to_end = False

    @property
    def crash(self) -> Exception | None:
        """The exception that crashed the app, or None. Whoever runs the app must raise it."""
        return self._exception

    def leave(self) -> None:
        """End the app."""
        self.exit()

    def leave_soon(self) -> None:
        """End the app. Safe in a signal handler at any time, even before the app runs and after."""
        self._was_told_to_end = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.leave)

    def on_load(self) -> None:
        """Draw nothing if the app was told to end before it started."""
        if self._was_told_to_end:
            self.leave()

    def panic(self, *renderables: RenderableType) -> None:
        """Leave if the terminal was closed, which breaks reading the keyboard; else it is a crash."""
        if sys.__stdin__ is None or not sys.__stdin__.isatty():
            self.leave()
            return
        text = StringIO()
        Console(file=text, width=_WIDTH).print(*renderables)
        self._handle_exception(RuntimeError(text.getvalue()))

    def _handle_exception(self, error: Exception) -> None:
        # Textual would print it, with the values of variables.
        if isinstance(error, WorkerFailed) and isinstance(error.error, Exception):
            error = error.error
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        else:
            logging.getLogger(__name__).error("and then", exc_info=error)
        self._return_code = ExitCode.FAILED
        self._close_messages_no_wait()
