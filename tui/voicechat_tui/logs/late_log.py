"""The log of commands that seldom have anything to log: the file is opened only for what there is."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from voicechat_common.errors import VoicechatError
from voicechat_tui.files import paths
from voicechat_tui.logs.log_file import LogFile, logged_warnings


@contextmanager
def logged_late() -> Iterator[None]:
    """Log warnings and errors while the context lasts, unless there is a log already."""
    root = logging.getLogger()
    if root.handlers:
        yield
        return
    root.handlers = [_LateHandler()]
    try:
        with logged_warnings():
            yield
    finally:
        root.handlers = []


def write(text: str) -> Path:
    """Log a line of its own.

    Returns:
        Where it is.

    Raises:
        VoicechatError: `disk` or `bad_setting` if there can be no log.
    """
    return _write(logging.LogRecord(__name__, logging.CRITICAL, __file__, 0, text, (), None))


def _write(record: logging.LogRecord) -> Path:
    with LogFile(paths.log_file(), "warning") as log:
        logging.getLogger().handle(record)
    if log.problem is not None:
        raise log.problem
    return log.path


class _LateHandler(logging.Handler):
    """Opens the log for each record, and closes it again."""

    def emit(self, record: logging.LogRecord) -> None:
        # A command does not fail because it can't be logged; after a crash somebody asks again.
        with suppress(VoicechatError):
            _write(record)
