"""Importing without garbage collection in between, and without a traceback when Ctrl+C interrupts it.

What is imported stays for good. Scanning it again and again, as Python does meanwhile, takes a fifth of the
time until the app's first frame. The command line imports this module before the rest of the client, and
calls `end` after it.
"""

import gc
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeAlias

_Handler: TypeAlias = Callable[[int, FrameType | None], Any] | int | None

_INTERRUPTED = 130
"""`ExitCode.INTERRUPTED`, which would take time to import."""


def quit_on_interrupt() -> None:
    """Let Ctrl+C end the process immediately, with the usual status, until a command takes over."""
    _on_interrupt(_quit)


def ignore_interrupt() -> None:
    """Ignore Ctrl+C from now on, because the process is about to exit anyway."""
    _on_interrupt(signal.SIG_IGN)


def end() -> None:
    """Collect garbage again, and treat Ctrl+C as before."""
    gc.enable()
    _on_interrupt(_before)


def _on_interrupt(do: _Handler) -> _Handler:
    if threading.current_thread() is threading.main_thread():
        return signal.signal(signal.SIGINT, do)
    return do


def _quit(_number: int, _frame: FrameType | None) -> None:
    os._exit(_INTERRUPTED)


gc.disable()
_before = _on_interrupt(_quit)
