"""The memory taken by the unfinished input of all connections."""

from typing import Protocol

MOST_BYTES = 128 * 1024 * 1024
"""Enough for sixteen frames of the largest size. Clients that send smaller ones never get in the way."""

WORTH_COUNTING = 64 * 1024
"""A connection that holds less is not counted."""


class Holder(Protocol):
    """A connection whose input takes memory."""

    def give_way(self) -> None:
        """Drop the input, and tell the client that there was no memory for it."""


class UnfinishedInput:
    """A shared budget; when it is exceeded, the holder of the most gives way.

    Args:
        most_bytes: The budget.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._held: dict[Holder, int] = {}
        self._total = 0

    def hold(self, holder: Holder, size: int) -> None:
        """Note how many bytes a connection holds now."""
        if size < WORTH_COUNTING:
            self.release(holder)
            return
        self._total += size - self._held.get(holder, 0)
        self._held[holder] = size
        while self._total > self._most_bytes:
            largest = max(self._held, key=self._held.__getitem__)
            self.release(largest)
            largest.give_way()

    def release(self, holder: Holder) -> None:
        """Note that a connection no longer holds anything."""
        self._total -= self._held.pop(holder, 0)
