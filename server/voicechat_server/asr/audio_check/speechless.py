"""Notices loud audio without speech: noise, music, or samples in a form that no other check recognises."""

import numpy as np
from numpy.typing import NDArray

from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.speech import Error
from voicechat_server.asr.config import SAMPLE_RATE
from voicechat_server.asr.vad.state import WINDOW_SAMPLES

LOUD_S = 60
"""Seconds of loud audio at the beginning of a stream after which the check decides."""

_LOUD = 0.01
"""Root mean square from which a window is loud: 40 dB below the loudest."""

_SPEECH = 0.5
"""Probability from which a window is speech."""

_MOST = 0.01
"""The share of the loud windows that may look like speech by chance."""

NO_SPEECH = Error(
    code=ErrorCode.NO_SPEECH,
    message=f"There was hardly any speech in {LOUD_S} s of loud audio.",
    advice="Listen to what is sent: it is read as 16-bit little-endian mono samples at the rate that `start` "
    "names. If there is only noise or music in it, choose another microphone or turn it down.",
)
"""The warning, sent once while the stream goes on."""


class SpeechlessCheck:
    """Looks at the windows of a stream until there was enough loud audio."""

    def __init__(self) -> None:
        self._left = LOUD_S * SAMPLE_RATE // WINDOW_SAMPLES
        self._most = int(self._left * _MOST)
        self._speech = 0

    def is_speechless(self, windows: NDArray[np.float32], probabilities: NDArray[np.float32]) -> bool:
        """Take the next windows and their speech probabilities; return True once, if there was hardly any."""
        if not self._left:
            return False
        powers = np.square(windows.reshape(-1, WINDOW_SAMPLES)).mean(axis=1)
        loud = np.flatnonzero(powers >= _LOUD**2)[: self._left]
        self._left -= len(loud)
        self._speech += int(np.count_nonzero(probabilities[loud] >= _SPEECH))
        return bool(len(loud)) and not self._left and self._speech <= self._most
