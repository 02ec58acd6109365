"""The recorded sentences that ship with the demo model."""

import json
from functools import cache
from importlib.resources import as_file, files

import numpy as np
import soundfile
from numpy.typing import NDArray

from voicechat_common.audio import Samples, bytes_of, samples_of

SAMPLE_RATE = 16_000
DIRECTORY = files("voicechat_server.asr") / "demo_model" / "samples"


@cache
def transcripts() -> dict[str, str]:
    """What is said in each sample; `talk`, of several sentences, has them joined."""
    texts = json.loads((DIRECTORY / "transcripts.json").read_text(encoding="utf-8"))
    return {name: "".join(text) for name, text in texts.items()}


SENTENCES = tuple(name for name in transcripts() if name != "talk")
"""The samples of one sentence each."""


@cache
def audio(name: str) -> Samples:
    """The samples of a recording, 16 kHz mono."""
    with as_file(DIRECTORY / f"{name}.wav") as path:
        samples, rate = soundfile.read(path, dtype="int16")
    assert rate == SAMPLE_RATE
    return np.asarray(samples, np.int16)


def pcm(name: str) -> bytes:
    """The bytes of a recording as a client sends them."""
    return bytes_of(audio(name))


def packets(data: bytes, size: int) -> list[bytes]:
    """Cut bytes into packets of a size; the last may be shorter."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def silence(seconds: float) -> bytes:
    """Samples of no sound."""
    return bytes_of(np.zeros(round(seconds * SAMPLE_RATE), np.int16))


def as_float(data: bytes) -> NDArray[np.float32]:
    """The same audio in [-1, 1], as FunASR takes it."""
    return samples_of(data).astype(np.float32) / np.float32(32_768)
