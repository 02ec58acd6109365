"""The audio both sides speak of: 16 kHz mono 16-bit samples, their framing and their rate."""

import numpy as np
import soxr
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Samples per second that recognition works with."""

SAMPLE_WIDTH = 2
"""Bytes of one sample: signed 16 bit, little-endian."""

CONTAINER_HEAD_BYTES = 4096
"""How many first bytes of a stream are enough for `container_of` to recognise every format it knows."""

Samples = NDArray[np.int16]

_FULL_SCALE = 32_768.0


def samples_of(pcm: bytes) -> Samples:
    """Return the samples in little-endian PCM of an even number of bytes."""
    return np.frombuffer(pcm, "<i2").astype(np.int16, copy=False)


def bytes_of(samples: Samples) -> bytes:
    """Return the little-endian PCM of samples."""
    return samples.astype("<i2", copy=False).tobytes()


def milliseconds(samples: int, rate: int) -> int:
    """Return the duration of a number of samples in whole milliseconds, rounded to the nearest."""
    return (samples * 1000 + rate // 2) // rate


def to_int16(wave: NDArray[np.float32]) -> Samples:
    """Return floating-point audio in [-1, 1] as 16-bit samples; what is louder is clipped, NaN is silence."""
    scaled = np.nan_to_num(wave * np.float32(_FULL_SCALE), nan=0.0, posinf=32_767.0, neginf=-32_768.0)
    samples: Samples = np.clip(np.rint(scaled), -32_768, 32_767).astype(np.int16)
    return samples


class SampleFramer:
    """Cuts packets of any length into whole samples: an odd byte waits for the next packet."""

    def __init__(self) -> None:
        self._odd = b""

    def push(self, packet: bytes) -> Samples:
        """Return the samples that are complete with this packet."""
        data = self._odd + packet
        whole = len(data) - len(data) % SAMPLE_WIDTH
        self._odd = data[whole:]
        return samples_of(data[:whole])

    @property
    def odd_bytes(self) -> int:
        """How many bytes wait for the rest of their sample: 0 or 1."""
        return len(self._odd)


class Downmixer:
    """Mixes interleaved channels down to one by their mean; an incomplete frame waits for the next block.

    Args:
        channels: How many there are.
    """

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._rest: Samples = np.zeros(0, np.int16)

    def push(self, samples: Samples) -> Samples:
        """Return one sample for each frame that is complete with these."""
        if self._channels == 1:
            return samples
        joined = np.concatenate([self._rest, samples])
        whole = len(joined) - len(joined) % self._channels
        self._rest = joined[whole:]
        mixed: Samples = np.rint(joined[:whole].reshape(-1, self._channels).mean(axis=1)).astype(np.int16)
        return mixed


class Resampler:
    """Changes the sample rate of a stream block by block; how it is cut into blocks makes no difference.

    Equal rates pass the samples through unchanged. Otherwise the output is behind the input by 20 ms (48 kHz)
    to 115 ms (8 kHz) until `finish` brings the rest, and has round(n * to_rate / from_rate) samples in all.

    Args:
        from_rate: Samples per second that come in.
        to_rate: Samples per second that come out.
    """

    def __init__(self, from_rate: int, to_rate: int = SAMPLE_RATE) -> None:
        # soxr dithers 16-bit streams with noise seeded by the clock; 32-bit floats give one result always.
        self._stream: soxr.ResampleStream | None = None
        if from_rate != to_rate:
            self._stream = soxr.ResampleStream(from_rate, to_rate, 1, dtype="float32", quality="HQ")

    def process(self, samples: Samples) -> Samples:
        """Return the output that is ready after these samples."""
        if self._stream is None:
            return samples
        return to_int16(self._stream.resample_chunk(samples / np.float32(_FULL_SCALE)))

    def finish(self) -> Samples:
        """Return the rest of the output. Only once, and nothing may be processed after it."""
        if self._stream is None:
            return np.zeros(0, np.int16)
        return to_int16(self._stream.resample_chunk(np.zeros(0, np.float32), last=True))


def container_of(head: bytes) -> str | None:
    """Return the file format that the first bytes of a stream belong to, or None if they may be PCM.

    Args:
        head: The first bytes, best `CONTAINER_HEAD_BYTES` of them. Fewer may leave a format unrecognised.
    """
    if head[:4] in (b"RIFF", b"RIFX", b"RF64") and head[8:12] == b"WAVE":
        return "WAV"
    if head[:4] == b"fLaC":
        return "FLAC"
    if head[:5] == b"OggS\0":
        return "Ogg"
    if (head[:3] == b"ID3" and head[3:4] in (b"\2", b"\3", b"\4")) or _starts_with_mp3_frames(head):
        return "MP3"
    return None


_MP3_KBITS = {
    1: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def _mp3_frame_bytes(header: bytes) -> int | None:
    """Return the length of the MPEG layer III frame with this 4-byte header, None if it isn't one."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return None
    version = header[1] >> 3 & 3
    bitrate, rate, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version not in _MP3_RATES or bitrate in (0, 15) or rate == 3:
        return None
    is_mpeg1 = version == 3
    kbits = _MP3_KBITS[1 if is_mpeg1 else 2][bitrate - 1]
    return (144 if is_mpeg1 else 72) * kbits * 1000 // _MP3_RATES[version][rate] + padding


def _starts_with_mp3_frames(head: bytes) -> bool:
    """Tell whether two frames follow each other: one header alone also occurs in loud PCM."""
    length = _mp3_frame_bytes(head[:4])
    if length is None:
        return False
    following = head[length : length + 4]
    same_stream = following[:2] == head[:2] and len(following) == 4 and not (following[2] ^ head[2]) & 0x0C
    return same_stream and _mp3_frame_bytes(following) is not None
