"""The way of audio out of PortAudio's thread."""

import asyncio
from collections import deque
from collections.abc import Callable


class BlockQueue:
    """Takes blocks in any thread and gives them out in the event loop's.

    Full, it drops the newest block, which is counted: what was heard before it stays whole.

    Args:
        limit: The most blocks that wait.
        wake: Called in the loop's thread when something has come.
    """

    def __init__(self, limit: int, wake: Callable[[], None]) -> None:
        self._blocks: deque[bytes] = deque()
        self._limit = limit
        self._wake = wake
        self._loop = asyncio.get_running_loop()
        self._wake_due = False
        self._dropped_bytes = self._overflows = 0
        self._told = (0, 0)
        self.ended = False

    def put(self, block: bytes, *, overflowed: bool = False) -> None:
        """Append a block, in any thread; `overflowed` says that audio before it was lost."""
        self._overflows += overflowed
        if len(self._blocks) < self._limit:
            self._blocks.append(block)
        else:
            self._overflows += 1
            self._dropped_bytes += len(block)
        self._notify()

    def end(self) -> None:
        """Say, in any thread, that nothing more comes."""
        self.ended = True
        self._notify()

    def take(self) -> list[bytes]:
        """Return what has come."""
        self._wake_due = False
        return [self._blocks.popleft() for _ in range(len(self._blocks))]

    def take_losses(self) -> int | None:
        """Return how many bytes were lost since the last call, 0 where nobody knows; None if nothing was."""
        # Only the other thread changes the counts, so none of them is missed here.
        dropped_bytes, overflows = self._dropped_bytes, self._overflows
        (before_bytes, before), self._told = self._told, (dropped_bytes, overflows)
        return None if overflows == before else dropped_bytes - before_bytes

    def _notify(self) -> None:
        if self._wake_due:
            return
        self._wake_due = True
        try:
            self._loop.call_soon_threadsafe(self._wake)
        except RuntimeError:  # The loop was closed meanwhile: nobody listens any more.
            return
