"""The memory taken by unread answers of all connections."""

from collections.abc import Hashable, Iterable
from typing import Generic, Protocol, TypeVar

MOST_BYTES = 128 * 1024 * 1024
"""Enough for thirty of the longest answers, of a thousand of the longest messages each."""

STALLED_S = 60.0
"""A client that reads nothing of an answer for this long is given up."""


class Answered(Hashable, Protocol):
    """A connection on which an answer is being sent."""

    def unread_bytes(self) -> int:
        """Return how many bytes of it the client has not read."""


AnsweredT = TypeVar("AnsweredT", bound=Answered)


class UnreadOutput(Generic[AnsweredT]):
    """Tracks unread answers; gives up stalled connections, and the largest ones if there is too much in all.

    Args:
        most_bytes: Bytes that may be unread in all.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._seen: dict[AnsweredT, tuple[int, float]] = {}

    def look(self, connections: Iterable[AnsweredT], now: float) -> list[AnsweredT]:
        """Return which connections to give up.

        Args:
            connections: All connections.
            now: The time, in seconds of a monotonic clock.
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
        """Return how much is unread, and since when it has not decreased."""
        before, since = self._seen.get(one, (size, now))
        return (size, now) if size < before else (size, since)
