"""Raw PCM from standard input as a source."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Self

from voicechat_common.audio import SAMPLE_RATE, Downmixer, Resampler, SampleFramer, Samples
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.foreign import Foreign, HeadCheck, foreign_of
from voicechat_common.protocol.speech import MAX_SAMPLE_RATE, MIN_SAMPLE_RATE
from voicechat_tui.language import _
from voicechat_tui.sources.pipe import PipeReader
from voicechat_tui.sources.wav_head import WavHead, parse_wav_head

_SNIFF_BYTES = 12


class StdinSource:
    """16-bit little-endian PCM from a file descriptor, as it arrives; a leading WAV header is honoured.

    Args:
        fd: The descriptor.
        rate: Samples per second, unless a WAV header states it.
        packet_ms: The longest packet.
    """

    name = "standard input"
    duration_s: float | None = None
    is_live = True

    def __init__(self, fd: int, rate: int, packet_ms: int) -> None:
        self.sample_rate = rate
        self.remarks: list[str] = []
        self._input_rate = rate
        self._packet_ms = packet_ms
        self._pipe = PipeReader(fd)
        self._head = b""
        self._check: HeadCheck | None = HeadCheck()
        self._channels = 1
        self._bytes_left: int | None = None

    async def __aenter__(self) -> Self:
        self._pipe.start(asyncio.get_running_loop())
        await self._read_head(_SNIFF_BYTES)
        if not self._head:
            raise _bad(_("Standard input is empty."), _("Pipe raw 16-bit PCM into it."))
        if (found := foreign_of(self._head)) is not None:
            if found.name != "WAV":
                raise _foreign(found)
            await self._read_wav_head()
            self._check = None
        if not MIN_SAMPLE_RATE <= self._input_rate <= MAX_SAMPLE_RATE:
            self.sample_rate = SAMPLE_RATE
        return self

    async def __aexit__(self, *failure: object) -> None:
        self._pipe.close()

    async def packets(self) -> AsyncGenerator[Samples, None]:
        """Yield the audio as it arrives, in packets of at most the given length."""
        longest = max(1, self.sample_rate * self._packet_ms // 1000)
        framer, frames = SampleFramer(), Downmixer(self._channels)
        resampler = Resampler(self._input_rate, self.sample_rate)
        async for data in self._data():
            samples = resampler.process(frames.push(framer.push(data)))
            for at in range(0, len(samples), longest):
                yield samples[at : at + longest]
        rest = resampler.finish()
        for at in range(0, len(rest), longest):
            yield rest[at : at + longest]
        if framer.odd_bytes:
            self.remarks.append(_("Standard input ended in the middle of a sample: is it really 16-bit PCM?"))

    async def _data(self) -> AsyncIterator[bytes]:
        """Yield what follows the header, as far as the header says that it is audio.

        Some file types are only recognisable from more bytes than a live source should be delayed for.
        """
        data, self._head = self._head, b""
        while True:
            if self._check is not None and (found := self._check.look(data)) is not None:
                raise _foreign(found)
            if self._bytes_left is not None:
                data = data[: self._bytes_left]
                self._bytes_left -= len(data)
            if data:
                yield data
            if self._bytes_left == 0 or not (data := await self._pipe.read()):
                return

    async def _read_head(self, at_least: int) -> bool:
        """Read until there are at least so many bytes; return whether there are."""
        while len(self._head) < at_least:
            data = await self._pipe.read()
            if not data:
                return False
            self._head += data
        return True

    async def _read_wav_head(self) -> None:
        found: WavHead | None
        while (found := parse_wav_head(self._head)) is None:
            if not await self._read_head(len(self._head) + 1):
                raise _bad(_("Standard input ended within a WAV header."), _("Record it again."))
        self._head = self._head[found.data_at :]
        self._bytes_left = found.data_bytes
        self._channels = found.channels
        self.sample_rate = self._input_rate = found.sample_rate


def _bad(message: str, advice: str) -> VoicechatError:
    return VoicechatError(ErrorCode.BAD_AUDIO_FILE, message, advice)


def _foreign(found: Foreign) -> VoicechatError:
    return _bad(
        _("Standard input carries {format} data, not raw PCM.", format=found.name),
        _("Name the file instead of `-`, or decode it: `ffmpeg -i … -f s16le -ac 1 -ar 16000 -`"),
    )
