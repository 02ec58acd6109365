"""The client's log: a file of bounded size, for what is of no use to the person but to whoever helps them.

What people say is never logged, at no level, and neither is what an address has for its server alone.
"""

import logging
import os
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Self

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.client.address import redacted
from voicechat_tui.language import _

MAX_BYTES = 1_000_000
OLD_FILES = 4
OWN_LOGGERS = ("voicechat_tui", "voicechat_common")

_FORM = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


class LogFile:
    """The log while it is entered. A file that can't be written leaves the client without a log, and working.

    Args:
        path: The file; `OLD_FILES` older ones stay beside it.
        level: The least severity of this project's lines. Libraries stay at warnings, because some tell at
            lower levels what goes over the wire.

    Attributes:
        path: The file.
        problem: Why there is no log, or None.
    """

    def __init__(self, path: Path, level: str) -> None:
        self.path = path
        self.problem: VoicechatError | None = None
        self._level = level.upper()
        self._handler: _Handler | None = None
        self._before: list[logging.Handler] = []

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._handler = _Handler(self.path)
        except OSError as error:
            self.problem = VoicechatError(
                ErrorCode.DISK,
                _("The log {path} can't be written: {reason}.", path=self.path, reason=error.strerror),
                _("Make it a file that you may write, or name another with VOICECHAT_TUI_LOG."),
            )
        root = logging.getLogger()
        self._before = root.handlers
        root.handlers = [logging.NullHandler() if self._handler is None else self._handler]
        for name in OWN_LOGGERS:
            logging.getLogger(name).setLevel(self._level)
        logging.captureWarnings(capture=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        logging.captureWarnings(capture=False)
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
    """Lines without the secrets of addresses, whoever wrote them: a library, or a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


class _Handler(RotatingFileHandler):
    """A rotating file whose descriptor others write to as well."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, maxBytes=MAX_BYTES, backupCount=OLD_FILES, encoding="utf-8", errors="backslashreplace"
        )
        self.followers: list[Callable[[int], None]] = []
        self.setFormatter(_Form(_FORM))

    @property
    def descriptor(self) -> int:
        """The descriptor of the file that is written now."""
        if self.stream is None:
            raise RuntimeError("the log is closed")
        return self.stream.fileno()

    def doRollover(self) -> None:  # noqa: N802 - the library's name
        super().doRollover()
        for use in self.followers:
            use(self.descriptor)
