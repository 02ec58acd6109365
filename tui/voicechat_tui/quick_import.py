"""Importing without a look for garbage in between, and without a word when Ctrl+C ends it.

What is imported stays for good. Looking through it again and again, as Python does meanwhile, takes a fifth
of the time until the app's first picture. The command line imports this module before the rest of the client,
and calls `end` after it.
"""

import gc
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

_INTERRUPTED = 130
"""`ExitCode.INTERRUPTED`, which it takes time to import."""


@contextmanager
def quiet_interrupt() -> Iterator[None]:
    """Let Ctrl+C end the process at once, with the usual status, until a command takes it over."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, _quit)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def end() -> None:
    """Look for garbage again, and treat Ctrl+C as before."""
    gc.enable()
    _importing.close()


def _quit(_number: int, _frame: FrameType | None) -> None:
    os._exit(_INTERRUPTED)


gc.disable()
_importing = ExitStack()
_importing.enter_context(quiet_interrupt())
