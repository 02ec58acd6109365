"""The client's log: a file of bounded size, for whoever helps the person who uses the client.

What people say is never logged, at no level, and neither is what an address has for its server alone.
"""

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Self, TextIO

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.printable import printable_lines
from voicechat_tui.language import _
from voicechat_tui.redaction import redacted

MAX_BYTES = 1_000_000
OLD_FILES = 4
OWN_LOGGERS = ("voicechat_tui", "voicechat_common")

_FORM = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


@contextmanager
def logged_warnings() -> Iterator[None]:
    """Log Python's warnings. Such contexts may be nested, which `logging.captureWarnings` does not allow."""
    before = warnings.showwarning
    warnings.showwarning = _log_warning
    try:
        yield
    finally:
        warnings.showwarning = before


def _log_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 - whoever warns passes it
    line: str | None = None,
) -> None:
    text = warnings.formatwarning(message, category, filename, lineno, line)
    logging.getLogger("py.warnings").warning("%s", text)


class LogFile:
    """The log while it is entered. A file that can't be written leaves the client without a log, and working.

    Args:
        path: The file; `OLD_FILES` older ones stay beside it.
        level: The least severity of this project's lines. Libraries stay at warnings, because some log what
            goes over the wire at lower levels.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, level: str) -> None:
        self.path = path
        self._level = level.upper()
        self._handler: _Handler | None = None
        self._unopened: OSError | None = None
        self._before: list[logging.Handler] = []
        self._warnings = ExitStack()

    @property
    def problem(self) -> VoicechatError | None:
        """Why there is no log, or not all of it; None if it is in order."""
        failure = self._unopened if self._handler is None else self._handler.failure
        if failure is None:
            return None
        return VoicechatError(
            ErrorCode.DISK,
            _(
                "The log {path} can't be written: {reason}.",
                path=self.path,
                reason=getattr(failure, "strerror", None) or failure,
            ),
            _("Make the file writable, or name another with VOICECHAT_TUI_LOG."),
        )

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._handler = _Handler(self.path)
        except OSError as error:
            self._unopened = error
        root = logging.getLogger()
        self._before = root.handlers
        root.handlers = [logging.NullHandler() if self._handler is None else self._handler]
        for name in OWN_LOGGERS:
            logging.getLogger(name).setLevel(self._level)
        self._warnings.enter_context(logged_warnings())
        return self

    def __exit__(self, *failure: object) -> None:
        self._warnings.close()
        logging.getLogger().handlers = self._before
        if self._handler is not None:
            self._handler.close()

    def follow(self, use: Callable[[int], None]) -> None:
        """Give the log's descriptor to somebody, now and whenever a new file takes the place of a full one.

        Args:
            use: Takes the descriptor and copies it. Where there is no log, it swallows everything.
        """
        if self._handler is None:
            with Path(os.devnull).open("wb") as nowhere:
                use(nowhere.fileno())
            return
        self._handler.followers.append(use)
        use(self._handler.descriptor)

    def unfollow(self, use: Callable[[int], None]) -> None:
        """Give somebody no more descriptors."""
        if self._handler is not None:
            self._handler.followers.remove(use)


class _Form(logging.Formatter):
    """Lines without the secrets of addresses, whoever wrote them: a library, or a traceback.

    Nothing in them controls the terminal that shows the log, or looks like another record: what follows the
    first line of one is indented.
    """

    def format(self, record: logging.LogRecord) -> str:
        return printable_lines(redacted(super().format(record))).replace("\n", "\n  ")


class _Handler(RotatingFileHandler):
    """A rotating file whose descriptor others write to as well.

    Attributes:
        failure: Why the last line that could not be written was not, or None.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, maxBytes=MAX_BYTES, backupCount=OLD_FILES, encoding="utf-8", errors="backslashreplace"
        )
        self.failure: BaseException | None = None
        self.followers: list[Callable[[int], None]] = []
        self.setFormatter(_Form(_FORM))

    @property
    def descriptor(self) -> int:
        """The descriptor of the file that is written now."""
        if self.stream is None:
            raise RuntimeError("the log is closed")
        return self.stream.fileno()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the library's
        """Print nothing: the screen belongs to somebody else."""
        self.failure = sys.exc_info()[1]

    def close(self) -> None:
        """Close the file, which may be the moment at which the disk is full."""
        try:
            super().close()
        except OSError as error:
            self.failure = error

    def doRollover(self) -> None:  # noqa: N802 - the library's name
        super().doRollover()
        for use in self.followers:
            use(self.descriptor)
