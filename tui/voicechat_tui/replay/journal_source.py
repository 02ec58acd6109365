"""A talk in the journal as a source of audio, and a listener that records its progress."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Self

from voicechat_common.audio import Samples
from voicechat_common.protocol.speech import Ack, Done
from voicechat_tui.client.speech.events import Event, durable_end
from voicechat_tui.journal import format as records
from voicechat_tui.journal.file import EntryFile, read_samples
from voicechat_tui.journal.ranges import Range
from voicechat_tui.journal.store import Entry
from voicechat_tui.sources.base import PacketCutter


class JournalSource:
    """Part of a talk in the journal as a source, read block by block in another thread.

    Args:
        entry: The talk.
        part: The range of its samples.
        packet_ms: Length of the packets.
    """

    is_live = False

    def __init__(self, entry: Entry, part: Range, packet_ms: int) -> None:
        rate = entry.header.sample_rate
        self.name = entry.name
        self.sample_rate = rate
        self.duration_s: float | None = part.length / rate
        self.remarks: list[str] = []
        self._path = entry.path
        self._part = part
        self._packet_ms = packet_ms

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        pass

    async def packets(self) -> AsyncGenerator[Samples, None]:
        """Yield the samples in packets of equal length, the last one shorter."""
        blocks = read_samples(self._path, self._part)
        cutter = PacketCutter(max(1, self.sample_rate * self._packet_ms // 1000))
        while (block := await asyncio.to_thread(_next, blocks)) is not None:
            for packet in cutter.push(block):
                yield packet
        for packet in cutter.finish():
            yield packet


class SettlingListener:
    """Records in the entry what the server has taken responsibility for, so that it is not sent again.

    Args:
        file: The entry.
        part: The samples being sent.
        begin: The position in the entry of the stream's first sample.
    """

    def __init__(self, file: EntryFile, part: Range, begin: int) -> None:
        self._file = file
        self._part = part
        self._begin = begin

    async def hear(self, event: Event) -> None:
        """Record what an event implies."""
        header = self._file.state.header
        match event:
            case Ack() if header is not None and header.chat_id is not None:
                end = min(self._begin + durable_end(event), self._part.end)
                self._settle(Range(self._part.begin, max(end, self._part.begin)))
            case Done():
                self._settle(self._part)

    def _settle(self, samples: Range) -> None:
        self._file.append(records.settled(samples))


def _next(blocks: Iterator[Samples]) -> Samples | None:
    return next(blocks, None)
