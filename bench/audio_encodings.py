"""The same audio in the formats that clients send by mistake."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from voicechat_server.asr.audio_check.sample_form import A_LAW, MU_LAW

Audio = NDArray[np.float32]


def as_pcm(wave: Audio) -> NDArray[np.int16]:
    """Return audio in [-1, 1] as 16-bit samples; what is louder is clipped."""
    samples: NDArray[np.int16] = np.clip(np.rint(wave * np.float32(32_768)), -32_768, 32_767).astype("<i2")
    return samples


def by_law(samples: NDArray[np.int16], law: Audio) -> bytes:
    """Return the code of each sample by a table of what the codes mean."""
    order = np.argsort(law, kind="stable")
    nearest = np.searchsorted((law[order][1:] + law[order][:-1]) / 2, samples)
    return order[nearest].astype(np.uint8).tobytes()


def _integers(wave: Audio, bits: int) -> NDArray[np.int64]:
    full = float(1 << bits - 1)
    return np.clip(np.rint(wave.astype(np.float64) * full), -full, full - 1).astype(np.int64)


def _three_bytes(wave: Audio) -> NDArray[np.uint8]:
    return _integers(wave, 24).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3]


def _interleaved(left: Audio, right: Audio) -> bytes:
    return as_pcm(np.stack((left, right), axis=1).reshape(-1)).tobytes()


ENCODINGS: dict[str, Callable[[Audio], bytes]] = {
    "float32": lambda wave: wave.astype("<f4").tobytes(),
    "float32 big-endian": lambda wave: wave.astype(">f4").tobytes(),
    "float32 up to 32768": lambda wave: (wave * 32_768).astype("<f4").tobytes(),
    "float32 of 16 bits": lambda wave: (as_pcm(wave) / np.float32(32_768)).astype("<f4").tobytes(),
    "float64": lambda wave: wave.astype("<f8").tobytes(),
    "16-bit big-endian": lambda wave: as_pcm(wave).astype(">i2").tobytes(),
    "16-bit unsigned": lambda wave: (as_pcm(wave).astype(np.int32) + 32_768).astype("<u2").tobytes(),
    "24-bit": lambda wave: _three_bytes(wave).tobytes(),
    "24-bit big-endian": lambda wave: _three_bytes(wave)[:, ::-1].tobytes(),
    "24-bit in 32": lambda wave: _integers(wave, 24).astype("<i4").tobytes(),
    "32-bit": lambda wave: _integers(wave, 32).astype("<i4").tobytes(),
    "32-bit big-endian": lambda wave: _integers(wave, 32).astype(">i4").tobytes(),
    "32-bit of 16 bits": lambda wave: (as_pcm(wave).astype("<i4") << 16).tobytes(),
    "8-bit unsigned": lambda wave: (as_pcm(wave) // 256 + 128).astype(np.uint8).tobytes(),
    "8-bit signed": lambda wave: (as_pcm(wave) // 256).astype(np.int8).tobytes(),
    "μ-law": lambda wave: by_law(as_pcm(wave), MU_LAW),
    "A-law": lambda wave: by_law(as_pcm(wave), A_LAW),
    "stereo, both alike": lambda wave: _interleaved(wave, wave),
    "stereo, one softer": lambda wave: _interleaved(wave, wave * np.float32(0.5)),
    "stereo, one later": lambda wave: _interleaved(wave, np.roll(wave, 7)),
    "stereo, two speakers": lambda wave: _interleaved(wave, np.roll(wave, len(wave) // 2)),
    "stereo, left silent": lambda wave: _interleaved(0 * wave, wave),
    "stereo, right silent": lambda wave: _interleaved(wave, 0 * wave),
}
