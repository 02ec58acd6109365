"""Deadlines of many connections that all get the same time."""

from collections.abc import Hashable
from typing import Generic, TypeVar

Waiting = TypeVar("Waiting", bound=Hashable)


class Deadlines(Generic[Waiting]):
    """Who is waited for, the longest first.

    Args:
        seconds: How long each is waited for.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: dict[Waiting, float] = {}

    def __len__(self) -> int:
        return len(self._due)

    def start(self, waiting: Waiting, now: float) -> None:
        """Begin to wait for one, unless it is waited for already."""
        self._due.setdefault(waiting, now + self._seconds)

    def stop(self, waiting: Waiting) -> None:
        """Wait no longer for one, if it was waited for."""
        self._due.pop(waiting, None)

    def pop_expired(self, now: float) -> list[Waiting]:
        """Return those who were waited for long enough, and forget them."""
        expired = []
        for waiting, due in self._due.items():
            if due > now:
                break
            expired.append(waiting)
        for waiting in expired:
            del self._due[waiting]
        return expired

    def pop_oldest(self) -> Waiting | None:
        """Return the one who was waited for the longest, and forget it."""
        oldest = next(iter(self._due), None)
        if oldest is not None:
            del self._due[oldest]
        return oldest
