"""Keeps strangers from filling the log: of similar lines, only the first few of each minute are shown.

The logger of a line determines whether somebody outside can provoke it. Suppressed lines are counted, and
summed up in one line when the minute is over.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from threading import Lock

import structlog

MINUTE_S = 60.0
MOST_KINDS = 1000
"""Kinds of lines to distinguish; more can only arise on purpose."""

REPORT_EVERY_S = 5.0

_FEW = 5
_MANY = 600
_LIBRARIES = ("uvicorn", "websockets", "httptools", "asyncio")
_OURS = "voicechat_server.api"
REFUSING = tuple(
    f"{_OURS}.{module}"
    for module in ("middleware.origin_guard", "middleware.host_guard", "sockets.unknown_socket", "gate")
)
"""Modules whose every line reports a refused client."""
_EXPECTED = (
    "ASGI callable returned without completing handshake.",
    "Unsupported upgrade request.",
)
"""Uvicorn's warnings when a client is refused, or hangs up before an answer; our own lines report that."""

log = structlog.stdlib.get_logger(__name__)


@dataclass
class _Minute:
    """A minute of lines of one kind: when it ends, how many came, and how many were left out."""

    until: float
    count: int = 0
    left_out: int = 0


_Kind = tuple[str, int, str]
"""Logger, level and wording of a line, without the values in it."""


class Flood(logging.Filter):
    """A filter for the handler that all lines go through.

    Args:
        clock: Returns the time, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._minutes: dict[_Kind, _Minute] = {}
        self._lock = Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line is to be shown."""
        if _is_of(record.name, _LIBRARIES):
            if record.msg in _EXPECTED:
                return logging.getLogger().isEnabledFor(logging.INFO)
            _shorten(record)
        most = _most(record)
        if most is None:
            return True
        now = self._clock()
        kind = (record.name, record.levelno, _words(record))
        with self._lock:
            over = self._take_over(now)
            if kind not in self._minutes and len(self._minutes) >= MOST_KINDS:
                kind = (record.name, record.levelno, "")
            minute = self._minutes.setdefault(kind, _Minute(now + MINUTE_S))
            minute.count += 1
            is_shown = minute.count <= most
            minute.left_out += not is_shown
        _report(over)
        return is_shown

    def report(self, *, everything: bool = False) -> None:
        """Log how many lines were left out.

        Args:
            everything: Whether to include minutes that are not over yet.
        """
        with self._lock:
            over = self._take_over(float("inf") if everything else self._clock())
        _report(over)

    def _take_over(self, now: float) -> list[tuple[_Kind, int]]:
        over = [kind for kind, minute in self._minutes.items() if minute.until <= now]
        return [(kind, self._minutes.pop(kind).left_out) for kind in over]


@asynccontextmanager
async def reporting() -> AsyncIterator[None]:
    """Report what was left out, within seconds after each minute and at the end of the context."""
    task = asyncio.create_task(_report_periodically(), name="log flood")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        for flood in _floods():
            flood.report(everything=True)


async def _report_periodically() -> None:
    while True:
        await asyncio.sleep(REPORT_EVERY_S)
        for flood in _floods():
            flood.report()


def _floods() -> Iterator[Flood]:
    for handler in logging.getLogger().handlers:
        yield from (each for each in handler.filters if isinstance(each, Flood))


def _most(record: logging.LogRecord) -> int | None:
    """Return how many lines like this one are shown in a minute; None for all."""
    if _is_of(record.name, (*_LIBRARIES, *REFUSING)):
        return _FEW
    if _is_of(record.name, (_OURS,)):
        return _FEW if record.levelno >= logging.WARNING else _MANY
    return None


def _is_of(name: str, loggers: tuple[str, ...]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in loggers)


def _words(record: logging.LogRecord) -> str:
    """Return what a line says, without the values in it."""
    return str(record.msg.get("event") if isinstance(record.msg, dict) else record.msg)


def _shorten(record: logging.LogRecord) -> None:
    """Drop the traceback from a line about a connection: it shows the inside of a library, and no mistake."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None or not (
        isinstance(error, OSError | EOFError) or _is_of(type(error).__module__, _LIBRARIES)
    ):
        return
    # asyncio describes a failure in several lines.
    first = record.getMessage().partition("\n")[0]
    record.msg, record.args = "%s (%s: %s)", (first, type(error).__name__, error)
    record.exc_info = record.exc_text = None


def _report(left_out: list[tuple[_Kind, int]]) -> None:
    for (logger, level, words), count in left_out:
        if count:
            log.log(level, "lines like others were left out", of=logger, like=words, count=count)
