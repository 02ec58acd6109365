"""Which streams get a place, and which give way when all places are taken, without a clock.

Policy: when no place is free for a new stream, one for which nothing worth a place has come for
`GIVES_WAY_AFTER_S` gives way, the one that has been idle for the longest first. Whoever sends audio keeps the
place. A source that holds more than half of all places gives way first, and is given only places of its
own, so that nobody can push the others out. People who talk from behind one address never notice.
"""

import math
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import ChunkSize
from voicechat_server.asr.capacity.cost import StreamCost

GIVES_WAY_AFTER_S = 10.0

RETRY_AFTER_S = 10.0
"""When to try a full server again."""


@dataclass(frozen=True)
class _Holder:
    chunk_size: ChunkSize
    source: str


class Admission:
    """Gives the places of one engine to streams.

    Args:
        most: What the streams may cost together, in streams of the server's own chunk size; None for
            no limit.
        cost: What streams cost.
    """

    def __init__(self, most: int | None, cost: StreamCost) -> None:
        self._most = most
        self._cost = cost
        self._holders: dict[str, _Holder] = {}

    def admit(self, stream_id: str, chunk_size: ChunkSize, source: str) -> None:
        """Give a place to a stream that fits."""
        self._holders[stream_id] = _Holder(chunk_size, source)

    def release(self, stream_id: str) -> None:
        """Take the place of a stream back, if it has one."""
        self._holders.pop(stream_id, None)

    def displaced_by(self, chunk_size: ChunkSize, source: str, idle_s: Mapping[str, float]) -> list[str]:
        """Return which streams have to give way to a new one: none while it fits.

        Args:
            chunk_size: What the new one is stepped by.
            source: Where it comes from.
            idle_s: For each stream, for how long nothing worth a place has come.

        Raises:
            VoicechatError: `busy`: it wouldn't fit even without them.
        """
        sizes = Counter(holder.chunk_size for holder in self._holders.values())
        giving: list[str] = []
        if self._fits(sizes, chunk_size):
            return giving
        idle = deque(self._idle(source, idle_s))
        while not self._fits(sizes, chunk_size):
            if not idle:
                raise self._busy(chunk_size)
            giving.append(idle.popleft())
            sizes -= Counter([self._holders[giving[-1]].chunk_size])
        return giving

    def free(self, idle_s: Mapping[str, float]) -> int | None:
        """Return how many streams of the server's own chunk size may still be opened, one after another.

        Args:
            idle_s: For each stream, for how long nothing worth a place has come.
        """
        if self._most is None:
            return None
        staying = [
            holder
            for stream_id, holder in self._holders.items()
            if idle_s.get(stream_id, 0.0) < GIVES_WAY_AFTER_S
        ]
        spent = self._cost.of(Counter(holder.chunk_size for holder in staying))
        return max(0 if staying else 1, math.floor(self._most - spent))

    def _idle(self, source: str, idle_s: Mapping[str, float]) -> list[str]:
        """Return the streams whose places a source may take, the first to go at the front."""
        held = Counter(holder.source for holder in self._holders.values())

        def holds_most(one: str) -> bool:
            return self._most is not None and held[one] > self._most / 2

        idle = [
            (holds_most(holder.source), idle_s[stream_id], stream_id)
            for stream_id, holder in self._holders.items()
            if idle_s.get(stream_id, 0.0) >= GIVES_WAY_AFTER_S
            and (holder.source == source or not holds_most(source))
        ]
        return [stream_id for _, _, stream_id in sorted(idle, reverse=True)]

    def _fits(self, sizes: Counter[ChunkSize], chunk_size: ChunkSize) -> bool:
        """Return whether one more fits; a lone stream, which disturbs nobody, always does."""
        if self._most is None or not sizes:
            return True
        return self._cost.of(sizes + Counter([chunk_size])) <= self._most

    def _busy(self, chunk_size: ChunkSize) -> VoicechatError:
        now, advice = len(self._holders), f"Try again in {RETRY_AFTER_S:g} s, or use another server."
        message = f"The server recognises {now} streams, which is as many as it can."
        if self._cost.of({chunk_size: 1}) > 1:
            others = f"{now} streams and has no room for one of chunk size {list(chunk_size)}"
            message = f"The server recognises {others}, which costs more than one of its own."
            advice = f"Leave `chunk_size` out. {advice}"
        return VoicechatError(ErrorCode.BUSY, message, advice, retry_after_s=RETRY_AFTER_S)


def gave_way() -> VoicechatError:
    """Return the error for an idle stream that gives way to a new one."""
    return VoicechatError(
        ErrorCode.IDLE_TIMEOUT,
        "No audio has come for a while, and others are waiting for this stream's place.",
        "What was said is recognised; open a new stream when there is audio again.",
        retry_after_s=RETRY_AFTER_S,
    )
