"""Logs crashes nobody waits for: in threads, and where Python can't raise."""

import sys
import threading

import structlog

log = structlog.stdlib.get_logger(__name__)


def log_crashes() -> None:
    """From now on, log what would otherwise be printed past the log."""
    threading.excepthook = _in_thread
    sys.unraisablehook = _unraisable


def _in_thread(hooked: threading.ExceptHookArgs) -> None:
    if hooked.exc_value is not None and not isinstance(hooked.exc_value, SystemExit):
        name = None if hooked.thread is None else hooked.thread.name
        log.critical("a thread crashed", thread=name, exc_info=hooked.exc_value)


def _unraisable(hooked: "sys.UnraisableHookArgs") -> None:
    if hooked.exc_value is not None:
        what = hooked.err_msg or "Python could not raise an error"
        log.error(what, object=repr(hooked.object), exc_info=hooked.exc_value)
