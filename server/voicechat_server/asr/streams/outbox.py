"""Events on their way to a stream's client.

Policy: partials of a segment are coalesced to the newest, and so are `ack`s; finals, errors and the receipt
never are. So what waits for a slow reader is at most one partial, one `ack`, and its finals, which take at
least a silence each. The last finals, and the receipt, stay to be repeated to a client that comes back.

A final that is stored goes out once that is done, and so does what must not overtake it: the finals after
it, and the receipt. Partials and `ack`s don't wait for the store. When `MAX_HELD` events wait for it,
the outbox is full: the stream is not read until the store has caught up, so that its client keeps the audio.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from voicechat_common.protocol.speech import Ack, Done, Error, Final, Partial, StreamEvent

Stored = asyncio.Future[int | None]
"""Done once a final is stored, with its position in the chat, or refused for good, with None."""

Listener = Callable[[StreamEvent], Stored | None]
"""Hears every event of a stream once, when it happens, on the event loop. It must not block or raise.

For a final that it stores, it returns a future that is done when the final is stored.
"""

MAX_HELD = 500
"""Events that may wait for the store: some minutes of the shortest segments. Those of the audio that was read
before come on top of it; together they are fewer than the store's own queue of a stream takes."""

KEPT_FINALS = 1000
"""Finals kept for a client that comes back: a quarter of an hour of the shortest segments at least."""


class Outbox:
    """The events of one stream, with one reader at a time.

    Args:
        listener: Hears of the events too, whether or not anybody reads them.
        on_stored: Called each time something that waited for the store has gone out.
        finals: Earlier finals, for a client that does not have them.
    """

    def __init__(
        self,
        listener: Listener | None = None,
        on_stored: Callable[[], None] | None = None,
        finals: Iterable[Final] = (),
    ) -> None:
        self._listener = listener
        self._on_stored = on_stored
        self._held: deque[tuple[StreamEvent, Stored | None]] = deque()
        self._waiting: deque[StreamEvent] = deque()
        self._finals: deque[Final] = deque(finals, maxlen=KEPT_FINALS)
        self._unstored = 0
        self._ending: StreamEvent | None = None
        self._news = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Events that wait for the reader."""
        return len(self._waiting)

    @property
    def is_settled(self) -> bool:
        """Whether nothing waits for the store."""
        return not self._held

    @property
    def is_full(self) -> bool:
        """Whether so much waits for the store that nothing more should be read."""
        return len(self._held) >= MAX_HELD

    def put(self, event: StreamEvent) -> None:
        """Add an event; it replaces a waiting one that it supersedes."""
        stored = None if self._listener is None else self._listener(event)
        if stored is None and (not self._held or not _is_lasting(event)):
            self._add(event)
            return
        self._held.append((event, stored))
        if stored is not None:
            stored.add_done_callback(self._pass_on)

    async def wait(self) -> None:
        """Return when there may be an event."""
        if not self._waiting:
            self._news.clear()
            await self._news.wait()

    def take(self) -> StreamEvent | None:
        """Return the next event, if there is one."""
        return self._waiting.popleft() if self._waiting else None

    def repeat_from(self, segment: int) -> None:
        """Queue the kept finals from a segment on again, then everything else, then the ending."""
        again = [final for final in self._finals if final.segment >= segment]
        others = [event for event in self._waiting if not isinstance(event, Final) and event != self._ending]
        ending = [self._ending] if self._ending is not None else []
        self._waiting = deque([*again, *others, *ending])
        self._news.set()

    def release(self) -> None:
        """Let go of the stream that hears when something is stored, and holds this outbox."""
        self._on_stored = None

    def _pass_on(self, _settled: Stored) -> None:
        """Pass on what waited for the store, as far as it is done."""
        while self._held:
            event, stored = self._held[0]
            if stored is not None and not stored.done():
                break
            self._held.popleft()
            if stored is not None and isinstance(event, Final):
                seq = stored.result()
                self._unstored += seq is None
                event = event.model_copy(update={"seq": seq})
            self._add(event)
        if self._on_stored is not None:
            self._on_stored()

    def _add(self, event: StreamEvent) -> None:
        if isinstance(event, Final):
            self._finals.append(event)
        elif _is_lasting(event):
            if isinstance(event, Done):
                event = event.model_copy(update={"unstored": self._unstored})
            self._ending = event
        if isinstance(event, Partial | Final):
            self._drop(lambda old: isinstance(old, Partial) and old.segment == event.segment)
        elif isinstance(event, Ack):
            self._drop(lambda old: isinstance(old, Ack))
        self._waiting.append(event)
        self._news.set()

    def _drop(self, superfluous: Callable[[StreamEvent], bool]) -> None:
        self._waiting = deque(event for event in self._waiting if not superfluous(event))


def _is_lasting(event: StreamEvent) -> bool:
    """Whether an event is final: that of a segment, or what ends the stream."""
    return isinstance(event, Final | Done) or (isinstance(event, Error) and event.fatal)
