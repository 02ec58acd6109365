"""A library that prints and logs is kept to debug lines, without touching other threads."""

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TextIO, cast

log = logging.getLogger(__name__)


class _OthersOnly:
    """A text stream that logs what one thread writes and passes on what all others write."""

    def __init__(self, stream: TextIO, silenced: int) -> None:
        self._stream = stream
        self._silenced = silenced

    def write(self, text: str) -> int:
        if threading.get_ident() != self._silenced:
            return self._stream.write(text)
        if text.strip():
            log.debug("%s", text.strip())
        return len(text)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


@contextmanager
def silence() -> Iterator[None]:
    """Log what this thread prints, and what it logs on the root logger, as debug lines until the block ends.

    FunASR does both. While the block lasts a root logger without handlers gets one that does nothing, so
    that `logging.info` doesn't install one that stays.
    """
    thread = threading.get_ident()
    root = logging.getLogger()
    nothing = logging.NullHandler()

    def from_elsewhere(record: logging.LogRecord) -> bool:
        if record.thread != thread:
            return True
        log.debug("%s", record.getMessage())
        return False

    root.addFilter(from_elsewhere)
    root.addHandler(nothing)
    try:
        with (
            redirect_stdout(cast("TextIO", _OthersOnly(sys.stdout, thread))),
            redirect_stderr(cast("TextIO", _OthersOnly(sys.stderr, thread))),
        ):
            yield
    finally:
        root.removeHandler(nothing)
        root.removeFilter(from_elsewhere)
