"""How an app ends: when it is left, when it is told to by a signal, and when it breaks down."""

import logging
import sys
from io import StringIO

from rich.console import Console, RenderableType
from textual.app import App
from textual.worker import WorkerFailed

from voicechat_tui.console.exit_codes import ExitCode

_WIDTH = 120
"""Of a traceback that Textual has made for the screen, in the log."""


class EndingApp(App[None]):
    """An app that ends without a word on the terminal, whatever makes it end."""

    def __init__(self) -> None:
        super().__init__()
        self._was_told_to_end = False

    @property
    def crash(self) -> Exception | None:
        """What the app broke down of, or None. Whoever runs the app is to raise it."""
        return self._exception

    def leave(self) -> None:
        """End the app."""
        self.exit()

    def leave_soon(self) -> None:
        """End the app, from a handler of signals at any time, even before the app runs and after."""
        self._was_told_to_end = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.leave)

    def on_load(self) -> None:
        """Draw nothing if the end came first."""
        if self._was_told_to_end:
            self.leave()

    def panic(self, *renderables: RenderableType) -> None:
        """Take it that the keyboard can't be read: the terminal was closed, or else it is a crash."""
        if sys.__stdin__ is None or not sys.__stdin__.isatty():
            self.leave()
            return
        text = StringIO()
        Console(file=text, width=_WIDTH).print(*renderables)
        self._handle_exception(RuntimeError(text.getvalue()))

    def _handle_exception(self, error: Exception) -> None:
        # Textual's own way is to print it, with the values of variables.
        if isinstance(error, WorkerFailed) and isinstance(error.error, Exception):
            error = error.error
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        else:
            logging.getLogger(__name__).error("and then", exc_info=error)
        self._return_code = ExitCode.FAILED
        self._close_messages_no_wait()
