"""Events on their way to a stream's client.

Policy: partials of a segment are coalesced to the newest, and so are `ack`s; finals, errors and the receipt
never are. So what waits for a slow reader is at most one partial, one `ack`, and its finals, which take at
least a silence each. The last finals, and the receipt, stay to be repeated to a client that comes back.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from voicechat_common.protocol.speech import Ack, Done, Error, Final, Partial

StreamEvent = Partial | Final | Ack | Error | Done

KEPT_FINALS = 1000
"""Finals kept for a client that comes back: a quarter of an hour of the shortest segments at least."""


Listener = Callable[[StreamEvent], None]
"""Hears every event of a stream once, when it happens, on the event loop. It must not wait and not raise."""


class Outbox:
    """The events of one stream, with one reader at a time.

    Args:
        listener: Hears of the events too, whether or not anybody reads them.
    """

    def __init__(self, listener: Listener | None = None) -> None:
        self._listener = listener
        self._waiting: deque[StreamEvent] = deque()
        self._finals: deque[Final] = deque(maxlen=KEPT_FINALS)
        self._ending: StreamEvent | None = None
        self._news = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Events that wait for the reader."""
        return len(self._waiting)

    def put(self, event: StreamEvent) -> None:
        """Add an event; it replaces a waiting one that it makes superfluous."""
        if isinstance(event, Final):
            self._finals.append(event)
        elif isinstance(event, Done) or (isinstance(event, Error) and event.fatal):
            self._ending = event
        if isinstance(event, Partial | Final):
            self._drop(lambda old: isinstance(old, Partial) and old.segment == event.segment)
        elif isinstance(event, Ack):
            self._drop(lambda old: isinstance(old, Ack))
        self._waiting.append(event)
        self._news.set()
        if self._listener is not None:
            self._listener(event)

    async def wait(self) -> None:
        """Return when there may be an event."""
        if not self._waiting:
            self._news.clear()
            await self._news.wait()

    def take(self) -> StreamEvent | None:
        """Return the next event, if there is one."""
        return self._waiting.popleft() if self._waiting else None

    def repeat_from(self, segment: int) -> None:
        """Queue once more the kept finals from a segment on, then what is no final, then the ending."""
        again = [final for final in self._finals if final.segment >= segment]
        others = [event for event in self._waiting if not isinstance(event, Final) and event != self._ending]
        ending = [self._ending] if self._ending is not None else []
        self._waiting = deque([*again, *others, *ending])
        self._news.set()

    def _drop(self, superfluous: Callable[[StreamEvent], bool]) -> None:
        self._waiting = deque(event for event in self._waiting if not superfluous(event))
