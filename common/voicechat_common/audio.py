"""The audio that both sides handle: 16 kHz mono 16-bit samples, their framing and their rate."""

import numpy as np
import soxr
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""The sample rate that recognition works with, in samples per second."""

SAMPLE_WIDTH = 2
"""Bytes per sample: signed 16-bit, little-endian."""

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
    """Return floating-point audio in [-1, 1] as 16-bit samples, clipped; NaN becomes silence."""
    scaled = np.nan_to_num(wave * np.float32(_FULL_SCALE), nan=0.0, posinf=32_767.0, neginf=-32_768.0)
    samples: Samples = np.clip(np.rint(scaled), -32_768, 32_767).astype(np.int16)
    return samples


class SampleFramer:
    """Cuts packets of any length into whole samples: an odd byte waits for the next packet."""

    def __init__(self) -> None:
        self._odd = b""

    def push(self, packet: bytes) -> Samples:
        """Return the samples completed by this packet."""
        data = self._odd + packet
        whole = len(data) - len(data) % SAMPLE_WIDTH
        self._odd = data[whole:]
        return samples_of(data[:whole])

    @property
    def odd_bytes(self) -> int:
        """How many bytes wait for the rest of their sample: 0 or 1."""
        return len(self._odd)


class Downmixer:
    """Mixes interleaved channels down to one by averaging; an incomplete frame waits for the next block.

    Args:
        channels: How many channels there are.
    """

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._rest: Samples = np.zeros(0, np.int16)

    def push(self, samples: Samples) -> Samples:
        """Return one sample for each frame completed by these samples."""
        if self._channels == 1:
            return samples
        joined = np.concatenate([self._rest, samples])
        whole = len(joined) - len(joined) % self._channels
        self._rest = joined[whole:]
        mixed: Samples = np.rint(joined[:whole].reshape(-1, self._channels).mean(axis=1)).astype(np.int16)
        return mixed


class Resampler:
    """Changes the sample rate of a stream block by block, wherever the blocks begin and end.

    Equal rates pass the samples through unchanged. Otherwise the output lags the input by 20 ms (48 kHz) to
    115 ms (8 kHz) until `finish` returns the rest, and has round(n * to_rate / from_rate) samples in total.

    Args:
        from_rate: Samples per second of the input.
        to_rate: Samples per second of the output.
    """

    def __init__(self, from_rate: int, to_rate: int = SAMPLE_RATE) -> None:
        # soxr dithers 16-bit streams with noise seeded by the clock; with 32-bit floats the result is
        # deterministic.
        self._stream: soxr.ResampleStream | None = None
        if from_rate != to_rate:
            self._stream = soxr.ResampleStream(from_rate, to_rate, 1, dtype="float32", quality="HQ")

    def process(self, samples: Samples) -> Samples:
        """Return the output that is ready after these samples."""
        if self._stream is None:
            return samples
        return to_int16(self._stream.resample_chunk(samples / np.float32(_FULL_SCALE)))

    def finish(self) -> Samples:
        """Return the rest of the output. Call it once only, and process nothing afterwards."""
        if self._stream is None:
            return np.zeros(0, np.int16)
        return to_int16(self._stream.resample_chunk(np.zeros(0, np.float32), last=True))
