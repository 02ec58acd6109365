"""The memory that answers take which nobody reads, of all connections together."""

from collections.abc import Hashable, Iterable
from typing import Generic, Protocol, TypeVar

MOST_BYTES = 128 * 1024 * 1024
"""Room for thirty of the longest answers at once, a thousand of the longest messages each."""

STALLED_S = 60.0
"""Whoever reads nothing of an answer for so long is not going to."""


class Answered(Hashable, Protocol):
    """A connection to which an answer is being sent."""

    def unread_bytes(self) -> int:
        """Return how much of it the client has left to the server."""


AnsweredT = TypeVar("AnsweredT", bound=Answered)


class UnreadOutput(Generic[AnsweredT]):
    """What waits to be read: who reads nothing for long is given up, and where it is too much, the largest.

    Args:
        most_bytes: What may wait, of all together.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._seen: dict[AnsweredT, tuple[int, float]] = {}

    def look(self, connections: Iterable[AnsweredT], now: float) -> list[AnsweredT]:
        """Return which connections to give up.

        Args:
            connections: All that there are.
            now: The time, in seconds of a clock that never goes back.
        """
        sizes = {one: size for one in connections if (size := one.unread_bytes())}
        self._seen = {one: self._since(one, size, now) for one, size in sizes.items()}
        given_up = [one for one, (_, since) in self._seen.items() if now - since >= STALLED_S]
        left = sum(sizes.values()) - sum(sizes[one] for one in given_up)
        for one in sorted(sizes.keys() - set(given_up), key=sizes.__getitem__, reverse=True):
            if left <= self._most_bytes:
                break
            given_up.append(one)
            left -= sizes[one]
        return given_up

    def _since(self, one: AnsweredT, size: int, now: float) -> tuple[int, float]:
        """Return how much waits, and since when it has not become less."""
        before, since = self._seen.get(one, (size, now))
        return (size, now) if size < before else (size, since)
