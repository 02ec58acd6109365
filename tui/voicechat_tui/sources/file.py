"""Audio files as a source."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Self

from voicechat_common.audio import SAMPLE_RATE, Resampler, Samples
from voicechat_common.audio_file import AudioFile
from voicechat_common.protocol.speech import MAX_SAMPLE_RATE, MIN_SAMPLE_RATE
from voicechat_tui.language import _
from voicechat_tui.sources.base import PacketCutter

_SHORTFALL_S = 0.1


class FileSource:
    """A file of any format, rate and channel count, read block by block in another thread.

    Its own rate is kept if the protocol allows it; the server then resamples, as it does for everybody.

    Args:
        path: The file.
        packet_ms: Length of the packets.
        rate: The rate to convert the audio to, instead of its own.
    """

    is_live = False

    def __init__(self, path: Path, packet_ms: int, rate: int | None = None) -> None:
        self.name = path.name
        self.sample_rate = rate or SAMPLE_RATE
        self.duration_s: float | None = None
        self.remarks: list[str] = []
        self._path = path
        self._packet_ms = packet_ms
        self._rate = rate
        self._file: AudioFile | None = None
        # A cancelled read goes on in its thread, during which the file must not be closed.
        self._in_use = threading.Lock()

    async def __aenter__(self) -> Self:
        file = await asyncio.to_thread(AudioFile, self._path)
        allowed = MIN_SAMPLE_RATE <= file.sample_rate <= MAX_SAMPLE_RATE
        self.sample_rate = self._rate or (file.sample_rate if allowed else SAMPLE_RATE)
        self.duration_s = file.duration_s
        self._file = file
        return self

    async def __aexit__(self, *failure: object) -> None:
        file, self._file = self._file, None
        if file is not None:
            await asyncio.to_thread(self._close, file)

    async def packets(self) -> AsyncGenerator[Samples, None]:
        """Yield the audio of the file in packets of equal length, the last one shorter."""
        if self._file is None:
            raise RuntimeError("the source is not open")
        file = self._file
        blocks = file.blocks(file.sample_rate)
        resampler = Resampler(file.sample_rate, self.sample_rate)
        cutter = PacketCutter(max(1, self.sample_rate * self._packet_ms // 1000))
        read = 0
        while (block := await asyncio.to_thread(self._read, blocks)) is not None:
            read += len(block)
            for packet in cutter.push(resampler.process(block)):
                yield packet
        for packet in [*cutter.push(resampler.finish()), *cutter.finish()]:
            yield packet
        read_s = read / file.sample_rate
        if read_s < file.duration_s - _SHORTFALL_S:
            self.remarks.append(
                _(
                    "{name} ends after {read:.1f} s, but its header says {told:.1f} s.",
                    name=self.name,
                    read=read_s,
                    told=file.duration_s,
                )
            )

    def _read(self, blocks: Iterator[Samples]) -> Samples | None:
        with self._in_use:
            return next(blocks, None)

    def _close(self, file: AudioFile) -> None:
        with self._in_use:
            file.close()
