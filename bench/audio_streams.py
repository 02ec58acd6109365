"""Streams as honest clients send them: any sort of audio, mixed or not, clean or worn, at any level."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from bench.audio_encodings import as_pcm
from bench.audio_sources import MAKERS, Audio, Maker, Random, shifted, speech, worn
from voicechat_common.audio import Samples

QUIETEST_DB, LOUDEST_DB = -60.0, 40.0
SPOKEN_DB = (-26.0, 3.0)
"""Levels at which what is wrong is to be detected: from the peaks of a soft voice to slight clipping."""

_FROM_ONE = 50
"""Streams that are cut from each signal of a kind."""


class Streams:
    """Draws streams; half of them are speech, as it was recorded or of a deeper or higher voice.

    Args:
        files: Recordings of speech.
        random: Where chance comes from.
        streams: How many are to be drawn.
        samples: The length of each.
        rate: Gives the rate of each signal.
    """

    def __init__(
        self,
        files: tuple[Path, ...],
        random: Random,
        streams: int,
        samples: int,
        rate: Callable[[], int],
    ) -> None:
        self._random = random
        self._samples = samples
        speakers: list[Maker] = [partial(speech, files), partial(shifted, files)]
        makers = [*MAKERS, *speakers * (len(MAKERS) // len(speakers))]
        count = -(-streams // _FROM_ONE)
        self._bank = [[maker(random, 2 * samples, rate()) for _ in range(count)] for maker in makers]

    def next(self) -> Samples:
        """Return another stream."""
        random = self._random
        wave = self._cut()
        if random.random() < 0.3:
            wave = wave + self._cut() * np.float32(10 ** random.uniform(-3, 0))
        if random.random() < 1 / 3:
            wave = worn(random, wave)
        return as_pcm(wave * gain(random, QUIETEST_DB, LOUDEST_DB))

    def _cut(self) -> Audio:
        signals = self._bank[self._random.integers(len(self._bank))]
        at = self._random.integers(self._samples)
        return signals[self._random.integers(len(signals))][at : at + self._samples]


def gain(random: Random, least_db: float, most_db: float) -> np.float32:
    """Return a factor between two levels."""
    return np.float32(10 ** (random.uniform(least_db, most_db) / 20))
