"""Notices speech at 44.1 or 48 kHz that is read at 16 kHz: it becomes speech when it is played faster.

Other rates can't be told, as voices differ more: an adult at 8 kHz, read at 16 kHz, sounds like a child.
"""

import numpy as np
import soxr
from numpy.typing import NDArray

from voicechat_common.audio import SAMPLE_RATE, Samples
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.speech import Error
from voicechat_server.asr.vad.state import WINDOW_SAMPLES, VadState

LOUD_WINDOWS = 187
"""Loud windows at the beginning of a stream that are looked at, six seconds."""

_LOUD = 0.003
"""Root mean square from which a window is loud: 50 dB below the loudest."""

_SPEECH = 0.5
"""Probability from which a window is speech."""

_FULL_SCALE = np.float32(32_768)

_FASTER = 3

_MARGIN = 0.8
"""How much more of the audio has to be speech when it is faster, as a share of its windows."""

_TOGETHER = 16
"""Windows tried in one go while audio comes as it is spoken: all streams wait meanwhile."""

_STEP = SAMPLE_RATE // 50
"""Samples of which the level is one value."""

_FLOOR = 1e-4
"""The least power of a step, relative to the loudest: what is quieter says nothing."""

_SYLLABLES_HZ = 2, 8
"""How often a second the level of speech rises and falls."""

_RISE_DB = 2.5
"""The least standard deviation of that. Of tunes and tones, which may be taken for speech too, it is less."""

Windows = NDArray[np.float32]

WRONG_RATE = Error(
    code=ErrorCode.WRONG_RATE,
    message="The audio sounds like speech at 48000 or 44100 samples a second, but is read at 16000.",
    advice='Name the rate before sending samples, such as `{"type":"start","sample_rate":48000}`; nothing '
    "sensible can be recognised otherwise.",
)
"""The warning, sent once while the stream goes on."""


class RateCheck:
    """Looks at the first loud windows of a stream read at 16 kHz, and tries them faster if few are speech.

    The detector of speech, which judges all streams together, judges what is tried with them.

    Attributes:
        state: The detector's state for the windows to try next.
        is_over: Whether the answer is known.
    """

    def __init__(self) -> None:
        self.state = VadState()
        self.is_over = False
        self._loud: list[Samples] = []
        self._is_speech = np.zeros(0, np.bool_)
        self._faster: Windows = np.zeros(0, np.float32)
        self._tried = 0
        self._missing = 0.0

    def look(self, windows: Windows, probabilities: NDArray[np.float32]) -> None:
        """Take the next windows of the stream, and the probabilities of speech in them."""
        if self.is_over or len(self._faster):
            return
        rows = windows.reshape(-1, WINDOW_SAMPLES)
        loud = np.flatnonzero(np.square(rows).mean(axis=1) >= _LOUD**2)
        loud = loud[: LOUD_WINDOWS - len(self._is_speech)]
        self._loud.append((rows[loud].reshape(-1) * _FULL_SCALE).astype(np.int16))
        self._is_speech = np.concatenate((self._is_speech, probabilities[loud] >= _SPEECH))
        if np.count_nonzero(self._is_speech) > (1 - _MARGIN) * LOUD_WINDOWS:
            self._end()
        elif len(self._is_speech) == LOUD_WINDOWS:
            self._play_faster()

    def windows(self, most: int) -> Windows:
        """Return windows whose probability of speech is to be found next; empty if there are none.

        Args:
            most: How many, if that is more than a few.
        """
        begin = self._tried * WINDOW_SAMPLES
        return self._faster[begin : begin + max(most, _TOGETHER) * WINDOW_SAMPLES]

    def judge(self, probabilities: NDArray[np.float32]) -> bool:
        """Take the probabilities in these windows; return True once, when the rate is certainly higher."""
        if self.is_over:
            return False
        self._tried += len(probabilities)
        self._missing -= int(np.count_nonzero(probabilities >= _SPEECH))
        is_speech = self._missing <= 0
        if is_speech or self._missing > len(self._faster) // WINDOW_SAMPLES - self._tried:
            is_told = is_speech and _rise_db(self._faster) >= _RISE_DB
            self._end()
            return is_told
        return False

    def _play_faster(self) -> None:
        audio = np.concatenate(self._loud).astype(np.float32) / _FULL_SCALE
        faster = soxr.resample(audio, _FASTER, 1)
        windows = len(faster) // WINDOW_SAMPLES
        self._faster = faster[: windows * WINDOW_SAMPLES]
        self._missing = (float(self._is_speech.mean()) + _MARGIN) * windows
        self._loud.clear()

    def _end(self) -> None:
        self.is_over = True
        self._loud.clear()
        self._faster = self._faster[:0]


def _rise_db(audio: Windows) -> float:
    steps = audio[: len(audio) // _STEP * _STEP].reshape(-1, _STEP)
    powers = np.square(steps).mean(axis=1)
    levels = 10 * np.log10(np.maximum(powers, powers.max() * _FLOOR))
    slowest, fastest = _SYLLABLES_HZ
    spectrum = np.fft.rfft(levels - levels.mean())
    frequencies = np.fft.rfftfreq(len(levels), _STEP / SAMPLE_RATE)
    spectrum[(frequencies < slowest) | (frequencies > fastest)] = 0
    return float(np.fft.irfft(spectrum, len(levels)).std())
