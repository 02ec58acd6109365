"""The frames waiting to be sent over one chat connection.

Policy: at most `limit` frames wait. A frame replaces a waiting one with the same key: a newer partial the
older one of its message, a final its partial. When the limit is reached, transient frames (partials, typing
notices) are dropped first, because later ones supersede them. If that is not enough, the reader is too slow:
the queue overflows for good, and the connection ends. Stored messages and acks are never dropped.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frame:
    """A text frame, encoded once for all the connections it is sent over.

    Attributes:
        text: What is sent.
        key: A newer frame with the same key replaces it while it waits; None if none does.
        is_transient: Whether it may be dropped for a slow reader.
    """

    text: str
    key: str | None = None
    is_transient: bool = False


TrySend = Callable[[str], bool]
"""Sends a text if that needs no waiting; returns whether it did. It must not raise."""


class FrameQueue:
    """The waiting frames of one connection, with one reader.

    Args:
        limit: How many may wait.

    Attributes:
        limit: How many may wait.
        overflow: Set once the limit was exceeded; from then on nothing is accepted.
    """

    def __init__(self, limit: int) -> None:
        self.overflow = asyncio.Event()
        self.limit = limit
        self._waiting: OrderedDict[str | int, Frame] = OrderedDict()
        self._added = 0
        self._reader: asyncio.Future[None] | None = None
        self._try_send: TrySend | None = None

    @property
    def waiting(self) -> int:
        """Frames that wait for the reader."""
        return len(self._waiting)

    def put(self, frame: Frame) -> None:
        """Send a frame right away if none waits before it, else queue it; too many overflow the queue."""
        if self.overflow.is_set():
            return
        if self._reader is not None:
            if self._try_send is not None and self._try_send(frame.text):
                return
            # A cancelled reader may not have noticed yet.
            if not self._reader.done():
                self._reader.set_result(None)
            self._reader = None
        self._added += 1
        key = self._added if frame.key is None else frame.key
        self._waiting.pop(key, None)
        self._waiting[key] = frame
        if len(self._waiting) > self.limit:
            self._shed()

    def take(self) -> Frame | None:
        """Return the next frame, if one waits."""
        return self._waiting.popitem(last=False)[1] if self._waiting else None

    async def wait(self, try_send: TrySend | None = None) -> None:
        """Return when a frame waits.

        Args:
            try_send: Offered each frame that arrives in the meantime; what it sends is not queued.
        """
        if not self._waiting:
            self._try_send = try_send
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None

    def _shed(self) -> None:
        for key in [key for key, frame in self._waiting.items() if frame.is_transient]:
            del self._waiting[key]
        if len(self._waiting) > self.limit:
            self._waiting.clear()
            self.overflow.set()
