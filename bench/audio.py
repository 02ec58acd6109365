"""Speech for the benchmarks, made from the recording that ships with the demo model; 16 kHz."""

import itertools
from enum import StrEnum

import numpy as np
import soundfile
from numpy.typing import NDArray

from voicechat_server.asr.config import SAMPLE_RATE
from voicechat_server.asr.models.catalog import demo_directory
from voicechat_server.asr.vad.silero import VoiceActivityDetector
from voicechat_server.asr.vad.state import WINDOW_SAMPLES, VadState

Audio = NDArray[np.float32]

SILENT_PART = 0.4
"""For talk: people in a conversation are silent at least this much."""

_SPEECH = 0.5


class Scene(StrEnum):
    """How somebody speaks."""

    SPEECH = "speech"
    TALK = "talk"


def recording(scene: Scene) -> Audio:
    """Return speech without pauses, or talk of which two fifths are silence, to be played in a loop."""
    samples, _ = soundfile.read(demo_directory() / "samples" / "talk.wav", dtype="float32")
    audio = np.asarray(samples, np.float32)
    runs = _runs(audio)
    spoken = [run for run, is_speech in runs if is_speech]
    if scene is Scene.SPEECH:
        return np.concatenate(spoken)
    pauses = [run for run, is_speech in runs if not is_speech]
    silence = round(sum(map(len, spoken)) * SILENT_PART / (1 - SILENT_PART))
    stretch = silence / sum(map(len, pauses))
    return np.concatenate([run if is_speech else _stretched(run, stretch) for run, is_speech in runs])


def from_offset(audio: Audio, part: float) -> Audio:
    """Return a loop that starts elsewhere, at `part` of its length."""
    return np.roll(audio, -int(len(audio) * part))


def to_pcm(audio: Audio) -> bytes:
    """Return 16-bit samples, as they are sent."""
    return (audio * 32767).astype("<i2").tobytes()


def _runs(audio: Audio) -> list[tuple[Audio, bool]]:
    """Cut a recording where speech begins and ends; tell which parts are speech."""
    windows = audio[: len(audio) // WINDOW_SAMPLES * WINDOW_SAMPLES]
    (probabilities,) = VoiceActivityDetector().probabilities([(windows, VadState())])
    is_speech = probabilities >= _SPEECH
    runs, begin = [], 0
    for spoken, group in itertools.groupby(is_speech.tolist()):
        end = begin + len(list(group)) * WINDOW_SAMPLES
        runs.append((windows[begin:end], bool(spoken)))
        begin = end
    return runs


def _stretched(pause: Audio, factor: float) -> Audio:
    length = round(len(pause) * factor)
    return np.resize(pause, length).astype(np.float32)


def chunks(audio: Audio, length: int = SAMPLE_RATE * 6 // 10) -> "itertools.cycle[Audio]":
    """Return the chunks of a loop, of 600 ms each, without end."""
    count = len(audio) // length
    return itertools.cycle(np.split(audio[: count * length], count))
