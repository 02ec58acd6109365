"""Crashes: the log gets all the details of an unexpected error, and the user one sentence.

Tracebacks omit the values of variables, which may be what somebody said.
"""

import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from voicechat_common.errors import VoicechatError
from voicechat_tui import quick_import
from voicechat_tui.console.exit_codes import ExitCode


@contextmanager
def told() -> Iterator[None]:
    """Run a command; if it crashes, the user sees only a sentence and `ExitCode.FAILED`.

    Raises:
        SystemExit: Always, with the command's exit status; with `FAILED` if that would be 0 despite a
            crash, such as in a thread that nobody waits for.
    """
    crashes = _Crashes()
    status: int | str | None = ExitCode.OK
    quick_import.quit_on_interrupt()
    with crashes.noticed():
        try:
            yield
        except SystemExit as end:
            status = end.code
        except Exception as error:  # noqa: BLE001 - nobody is left to take it, and the log has all of it
            crashes.add(error)
        if crashes.happened:
            crashes.tell()
            status = status or ExitCode.FAILED
    quick_import.ignore_interrupt()
    raise SystemExit(status)


class _Crashes:
    """What has crashed."""

    def __init__(self) -> None:
        self._told: list[str] = []

    @property
    def happened(self) -> bool:
        """Whether anything has crashed."""
        return bool(self._told)

    def add(self, error: BaseException, thread: str = "") -> None:
        """Log a crash."""
        self._told += traceback.format_exception(error)
        _log(f"{thread or 'the command'} crashed", error)

    def tell(self) -> None:
        """Say where the log is; if there is none, print all the details."""
        from voicechat_tui.console.screen import Screen, make_printable
        from voicechat_tui.language import _
        from voicechat_tui.logs.late_log import write
        from voicechat_tui.redaction import redacted

        make_printable(sys.stderr, utf8=False)
        screen = Screen(sys.stdout, sys.stderr)
        try:
            path = write("the command ends because of this")
        except VoicechatError as error:
            screen.error_line(_("voicechat-tui crashed, and its log could not be written."))
            screen.error(error)
            screen.note(redacted("".join(self._told).rstrip()))
        else:
            screen.error_line(_("voicechat-tui crashed; its log {path} has the details.", path=path))

    @contextmanager
    def noticed(self) -> Iterator[None]:
        """Record exceptions that end a thread, and log those that Python can't raise, which end nothing."""
        before = threading.excepthook, sys.unraisablehook
        threading.excepthook = self._in_thread
        sys.unraisablehook = _unraisable
        try:
            yield
        finally:
            threading.excepthook, sys.unraisablehook = before

    def _in_thread(self, hooked: threading.ExceptHookArgs) -> None:
        if hooked.exc_value is not None and not isinstance(hooked.exc_value, SystemExit):
            self.add(hooked.exc_value, "a thread" if hooked.thread is None else hooked.thread.name)


def _unraisable(hooked: "sys.UnraisableHookArgs") -> None:
    if hooked.exc_value is not None:
        _log(f"{hooked.err_msg or 'Python ignored this'}: {hooked.object!r}", hooked.exc_value)


def _log(what: str, error: BaseException) -> None:
    # Most commands don't need the log, and should not pay for importing it.
    import logging

    from voicechat_tui.logs.late_log import logged_late

    with logged_late():
        logging.getLogger(__name__).critical("%s", what, exc_info=error)
