"""The log of the app since its start, for the screen that shows it."""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

_logger = logging.getLogger(__name__)

LIMIT = 500
"""Lines kept; the oldest are dropped. The log file has more."""


@dataclass(frozen=True)
class LogLine:
    """A line of the log.

    Attributes:
        at: When.
        severity: information, warning or error.
        text: What, a sentence.
    """

    at: datetime
    severity: str
    text: str


class EventsLog:
    """The newest lines.

    Args:
        now: The time of day, in the time zone to be shown.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.lines: deque[LogLine] = deque(maxlen=LIMIT)

    def add(self, text: str, severity: str = "information") -> None:
        """Add a line; warnings and errors go to the log file too."""
        if severity != "information":
            _logger.warning("%s", text)
        self.lines.append(LogLine(self._now(), severity, text))
