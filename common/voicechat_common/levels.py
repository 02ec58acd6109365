"""The loudness of a stream of samples, as people want to see it."""

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from voicechat_common.audio import Samples

FLOOR_DB = -96.0
"""How silence is shown: a little below the quietest possible sample, which is at -90.3 dBFS."""

_FULL_SCALE = 32_768
_CLIPPED_FROM = 32_767


class Sound(Enum):
    """What a stream contains."""

    NOTHING_YET = auto()
    """Too little has been heard to judge."""
    SIGNAL = auto()
    """Something can be heard."""
    QUIET = auto()
    """There is only the noise of an idle microphone."""
    ALL_ZERO = auto()
    """There is not even noise, which only happens with a microphone that is switched off or forbidden."""


@dataclass(frozen=True)
class Level:
    """What a meter shows.

    Attributes:
        peak_db: The peak in dBFS, which rises instantly and falls slowly.
        hold_db: The highest peak of the last moments.
        clipped: Whether the signal clipped at full scale within the last moments.
        sound: What the stream contains.
    """

    peak_db: float = FLOOR_DB
    hold_db: float = FLOOR_DB
    clipped: bool = False
    sound: Sound = Sound.NOTHING_YET


@dataclass(frozen=True)
class Ballistics:
    """How a meter moves.

    Attributes:
        release_db_per_s: How fast the peak falls; the 20 dB in 1.7 s of a peak programme meter.
        hold_s: How long the highest peak stays.
        clip_run: How many samples in a row at full scale count as clipping; a single one may just be loud.
        clip_s: How long clipping is shown.
        quiet_db: Below this, nobody is speaking into the microphone.
        sound_after_s: After this long without sound, a stream counts as quiet, or as all zero.
    """

    release_db_per_s: float = 20 / 1.7
    hold_s: float = 1.5
    clip_run: int = 3
    clip_s: float = 2.0
    quiet_db: float = -60.0
    sound_after_s: float = 3.0


class LevelMeter:
    """Measures a stream block by block. Time is counted in samples, so blocks may arrive at any pace.

    Args:
        rate: Samples per second.
        ballistics: How it moves.
    """

    def __init__(self, rate: int, ballistics: Ballistics | None = None) -> None:
        self._rate = rate
        self._ballistics = ballistics or Ballistics()
        self.reset()

    def reset(self) -> None:
        """Start afresh, as with another microphone."""
        self._level = Level()
        self._held_s = self._since_clip_s = float("inf")
        self._zero_s = self._quiet_s = 0.0
        self._full_run = 0

    @property
    def level(self) -> Level:
        """What it shows."""
        return self._level

    def push(self, block: Samples) -> Level:
        """Measure more of the stream and return what to show now."""
        if len(block) == 0:
            return self._level
        seconds = len(block) / self._rate
        loudest = int(np.abs(block.astype(np.int32)).max())
        block_db = decibels(loudest)
        peak_db = max(block_db, self._level.peak_db - self._ballistics.release_db_per_s * seconds, FLOOR_DB)
        self._level = Level(
            peak_db=peak_db,
            hold_db=self._hold(block_db, peak_db, seconds),
            clipped=self._clipped(block, loudest, seconds),
            sound=self._sound(loudest, block_db, seconds),
        )
        return self._level

    def _hold(self, block_db: float, peak_db: float, seconds: float) -> float:
        self._held_s += seconds
        if block_db >= self._level.hold_db:
            self._held_s = 0.0
            return block_db
        if self._held_s > self._ballistics.hold_s:
            return peak_db
        return self._level.hold_db

    def _clipped(self, block: Samples, loudest: int, seconds: float) -> bool:
        self._since_clip_s += seconds
        run, longest = self._full_run, 0
        if loudest >= _CLIPPED_FROM:
            for is_full in (np.abs(block.astype(np.int32)) >= _CLIPPED_FROM).tolist():
                run = run + 1 if is_full else 0
                longest = max(longest, run)
        else:
            run = 0
        self._full_run = run
        if longest >= self._ballistics.clip_run:
            self._since_clip_s = 0.0
        return self._since_clip_s < self._ballistics.clip_s

    def _sound(self, loudest: int, block_db: float, seconds: float) -> Sound:
        self._zero_s = 0.0 if loudest else self._zero_s + seconds
        self._quiet_s = 0.0 if block_db >= self._ballistics.quiet_db else self._quiet_s + seconds
        if self._quiet_s == 0.0:
            return Sound.SIGNAL
        if self._zero_s >= self._ballistics.sound_after_s:
            return Sound.ALL_ZERO
        if self._quiet_s >= self._ballistics.sound_after_s:
            return Sound.QUIET
        return self._level.sound


def decibels(amplitude: int) -> float:
    """Return the level of a sample's absolute value in dBFS."""
    return max(FLOOR_DB, 20 * float(np.log10(amplitude / _FULL_SCALE))) if amplitude else FLOOR_DB
