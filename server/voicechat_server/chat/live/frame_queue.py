"""What waits to be sent over one chat connection.

Policy: at most `limit` frames wait. A frame replaces a waiting one of the same key: a newer partial the older
one of its message, a final its partial. When the limit is reached, frames that only matter now (partials,
that somebody types) are dropped first, for a later one tells the same. If that is not enough, the reader is
too slow: the queue is full for good, and the connection ends. Stored messages and acks are never dropped.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frame:
    """A text frame, encoded once however many connections it is sent over.

    Attributes:
        text: What is sent.
        key: What it tells of; a newer frame of the same key replaces it while it waits. None for nothing.
        is_passing: Whether it may be dropped for a slow reader.
    """

    text: str
    key: str | None = None
    is_passing: bool = False


SendAtOnce = Callable[[str], bool]
"""Sends a text if that needs no waiting; tells whether it did. It must not raise."""


class FrameQueue:
    """The waiting frames of one connection, with one reader.

    Args:
        limit: How many may wait.

    Attributes:
        limit: How many may wait.
        overflow: Set once the limit was exceeded; nothing is taken any more then.
    """

    def __init__(self, limit: int) -> None:
        self.overflow = asyncio.Event()
        self.limit = limit
        self._waiting: OrderedDict[str | int, Frame] = OrderedDict()
        self._added = 0
        self._reader: asyncio.Future[None] | None = None
        self._send_at_once: SendAtOnce | None = None

    @property
    def waiting(self) -> int:
        """Frames that wait for the reader."""
        return len(self._waiting)

    def put(self, frame: Frame) -> None:
        """Send a frame at once if nothing waits before it, or add it, or find that too many wait."""
        if self.overflow.is_set():
            return
        if self._reader is not None:
            if self._send_at_once is not None and self._send_at_once(frame.text):
                return
            # A reader that was cancelled has not noticed yet.
            if not self._reader.done():
                self._reader.set_result(None)
            self._reader = None
        self._added += 1
        key = self._added if frame.key is None else frame.key
        self._waiting.pop(key, None)
        self._waiting[key] = frame
        if len(self._waiting) > self.limit:
            self._make_room()

    def take(self) -> Frame | None:
        """Return the next frame, if one waits."""
        return self._waiting.popitem(last=False)[1] if self._waiting else None

    async def wait(self, send_at_once: SendAtOnce | None = None) -> None:
        """Return when a frame waits.

        Args:
            send_at_once: Offered each frame that comes in the meantime; what it sends does not wait.
        """
        if not self._waiting:
            self._send_at_once = send_at_once
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None

    def _make_room(self) -> None:
        for key in [key for key, frame in self._waiting.items() if frame.is_passing]:
            del self._waiting[key]
        if len(self._waiting) > self.limit:
            self._waiting.clear()
            self.overflow.set()
