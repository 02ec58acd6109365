"""Deadlines of many connections that all get the same amount of time."""

from collections.abc import Hashable
from typing import Generic, TypeVar

Waiting = TypeVar("Waiting", bound=Hashable)


class Deadlines(Generic[Waiting]):
    """The connections being waited for, oldest first.

    Args:
        seconds: How long each is waited for.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: dict[Waiting, float] = {}

    def __len__(self) -> int:
        return len(self._due)

    def start(self, waiting: Waiting, now: float) -> None:
        """Start the deadline of one, unless it is running."""
        self._due.setdefault(waiting, now + self._seconds)

    def stop(self, waiting: Waiting) -> None:
        """Stop the deadline of one, if it is running."""
        self._due.pop(waiting, None)

    def pop_expired(self, now: float) -> list[Waiting]:
        """Remove and return those whose deadline has passed."""
        expired = []
        for waiting, due in self._due.items():
            if due > now:
                break
            expired.append(waiting)
        for waiting in expired:
            del self._due[waiting]
        return expired

    def pop_oldest(self) -> Waiting | None:
        """Remove and return the one that has been waited for the longest."""
        oldest = next(iter(self._due), None)
        if oldest is not None:
            del self._due[oldest]
        return oldest
