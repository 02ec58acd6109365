"""Crashes nobody waits for: of a thread, and of what Python can't raise; the log has them whole."""

import sys
import threading

import structlog

log = structlog.stdlib.get_logger(__name__)


def log_crashes() -> None:
    """Log, from now on in this process, what would else be printed beside the log."""
    threading.excepthook = _in_thread
    sys.unraisablehook = _unraisable


def _in_thread(hooked: threading.ExceptHookArgs) -> None:
    if hooked.exc_value is not None and not isinstance(hooked.exc_value, SystemExit):
        name = None if hooked.thread is None else hooked.thread.name
        log.critical("a thread broke down", thread=name, exc_info=hooked.exc_value)


def _unraisable(hooked: "sys.UnraisableHookArgs") -> None:
    if hooked.exc_value is not None:
        what = hooked.err_msg or "Python could not raise an error"
        log.error(what, object=repr(hooked.object), exc_info=hooked.exc_value)
