"""Speech made of numbers, with a detector and a recogniser that read them: to test what lies around a model.

A sample of value `1 + n / 1024` is the n-th character being spoken; other samples are loud, quiet or silent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from voicechat_common.protocol.speech import SegmentEvent
from voicechat_server.asr.config import FRAME_SAMPLES
from voicechat_server.asr.paraformer.state import Token
from voicechat_server.asr.recognition.segment import Segment
from voicechat_server.asr.recognition.session import DueChunk, SpeechSession
from voicechat_server.asr.vad.state import WINDOW_SAMPLES

SYLLABLE = 8 * WINDOW_SAMPLES
"""Samples of one character: a quiet window first, the character in the middle of loud ones."""

_LOUD, _QUIET, _STEP = 0.1, 0.01, 1 / 1024


def character(number: int) -> str:
    """The text of the n-th character."""
    return chr(0x4E00 + number)


def characters(numbers: Iterable[int]) -> str:
    """The text of several characters."""
    return "".join(map(character, numbers))


def speech(numbers: Sequence[int]) -> NDArray[np.float32]:
    """Audio in which these characters are spoken."""
    audio = np.full(len(numbers) * SYLLABLE, _LOUD, np.float32)
    for place, number in enumerate(numbers):
        audio[place * SYLLABLE : place * SYLLABLE + WINDOW_SAMPLES] = _QUIET
        audio[place * SYLLABLE + SYLLABLE // 2] = 1 + number * _STEP
    return audio


def silence(milliseconds: int) -> NDArray[np.float32]:
    """Audio without speech."""
    return np.zeros(milliseconds * 16, np.float32)


def probabilities(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probability of speech in each window."""
    loudest = np.abs(windows.reshape(-1, WINDOW_SAMPLES)).max(axis=1)
    return np.where(loudest > _QUIET / 2, 0.9, 0.1).astype(np.float32)


@dataclass
class Recogniser:
    """Gives the characters in a segment's audio, those of the look-ahead a chunk later, as a model does."""

    session: SpeechSession
    patient: bool = False
    decoded_samples: int = 0
    _heard: dict[int, tuple[Segment, int, list[Token]]] = field(default_factory=dict)

    def run(self) -> list[SegmentEvent]:
        """Do everything the session asks for now; return what it tells."""
        events: list[SegmentEvent] = []
        while True:
            windows = self.session.windows(patient=self.patient)
            if len(windows):
                self.session.judge(windows, probabilities(windows))
            if self.session.is_due:
                due = self.session.next_chunk()
                events += self.session.accept(due, self._decode(due))
            elif not len(windows):
                return events

    def _decode(self, due: DueChunk) -> list[Token]:
        _, step, ahead = self.session.chunk_size
        stride = step * FRAME_SAMPLES
        assert len(due.samples) < stride if due.is_final else len(due.samples) == stride
        self.decoded_samples += len(due.samples)
        segment, before, waiting = self._heard.get(id(due.segment), (due.segment, 0, []))
        for place in np.flatnonzero(due.samples >= 1).tolist():
            number = round((float(due.samples[place]) - 1) / _STEP)
            waiting.append(Token(character(number), (before + place) // FRAME_SAMPLES))
        if due.is_final:
            self._heard.pop(id(segment), None)
            return waiting
        end = before + len(due.samples)
        ripe = sum(token.frame < end // FRAME_SAMPLES - ahead for token in waiting)
        self._heard[id(segment)] = (segment, end, waiting[ripe:])
        return waiting[:ripe]
