"""The memory that unfinished input takes, of all connections together."""

from typing import Protocol

MOST_BYTES = 128 * 1024 * 1024
"""Room for sixteen frames of the largest size at once. Who sends smaller ones is never in anybody's way."""

WORTH_COUNTING = 64 * 1024
"""A connection that holds less is not counted."""


class Holder(Protocol):
    """A connection whose input takes memory."""

    def give_way(self) -> None:
        """Let go of the input, and tell the client that there was no room for it."""


class UnfinishedInput:
    """One budget; where it is overdrawn, whoever holds the most gives way.

    Args:
        most_bytes: The budget.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._held: dict[Holder, int] = {}
        self._total = 0

    @property
    def total(self) -> int:
        """Bytes that are held."""
        return self._total

    def hold(self, holder: Holder, size: int) -> None:
        """Note how much a connection holds now."""
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
        """Note that a connection holds nothing any more."""
        self._total -= self._held.pop(holder, 0)
