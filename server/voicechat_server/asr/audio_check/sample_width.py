"""Notices 8-bit samples that were declared as 16-bit ones."""

import numpy as np

from voicechat_common.audio import Samples

_ENOUGH = 8000
"""Loud samples after which it is decided: half a second of speech, far less of 8-bit silence."""

_OF_A_FRAME = 32_000
"""Samples looked at in one frame, evenly spread: a frame may hold minutes, and all streams wait meanwhile."""

_GIVEN_UP = 1_000_000
"""Samples looked at, a minute at 16 kHz, after which a stream that quiet is left alone."""

_LOUD = 1024
_NEAR = 16
_MOST = 0.7

_BYTES = 12
"""The fewest different upper bytes that 8-bit sound makes; a 16-bit tone may have fewer."""

_MANY = 8
"""Samples with one upper byte that are enough to judge its lower bytes."""

_VARIED = 4
"""The least spread of the lower bytes beside one upper byte: in 8-bit sound they are the next samples."""

_SILENCE = 0x80, 4
"""The 8-bit sample of silence, and how far from it silent samples may be."""


class WidthCheck:
    """Looks at the start of a stream.

    Two neighbouring samples of 8 bits, which differ little, look like the two bytes of one sample of 16 bits.
    In real samples of 16 bits the lower byte is as good as random beside the upper one, unless they once had
    8 bits. Then each upper byte has one lower byte: that is zero, in samples that do not count, nor do others
    where they are many; or another one, if the sound was made louder.
    """

    def __init__(self) -> None:
        self._seen = 0
        self._counted = 0
        self._near = 0
        self._round = 0
        self._is_silent = True
        self._by_byte = np.zeros((2, 256), np.int64)
        self._least = np.full(256, 128)
        self._most = np.full(256, -128)

    def is_eight_bit(self, samples: Samples) -> bool:
        """Take the next samples of the stream; return True once, when they are certainly 8-bit samples."""
        if self._counted >= _ENOUGH or self._seen >= _GIVEN_UP:
            return False
        looked_at = samples[:: len(samples) // _OF_A_FRAME + 1].astype(np.int32)
        self._seen += len(looked_at)
        loud = looked_at[np.abs(looked_at) > _LOUD]
        self._round += int(np.count_nonzero(loud % 256 == 0))
        loud = loud[loud % 256 != 0]
        lower, upper = loud % 256, loud // 256 % 256
        apart = (lower - upper + 128) % 256 - 128
        is_near = np.abs(apart) <= _NEAR
        np.minimum.at(self._least, upper, apart)
        np.maximum.at(self._most, upper, apart)
        self._counted += len(loud)
        self._near += int(np.count_nonzero(is_near))
        self._by_byte += np.bincount(upper, minlength=256), np.bincount(upper[is_near], minlength=256)
        silence, little = _SILENCE
        self._is_silent &= bool(np.all(np.abs(np.concatenate((lower, upper)) - silence) <= little))
        if self._counted < _ENOUGH or self._round > self._counted / 2 or self._near < _MOST * self._counted:
            return False
        return self._is_silent or self._is_near_everywhere()

    def _is_near_everywhere(self) -> bool:
        """Return whether the lower byte is near the upper one at every level, not at a single one."""
        are_many = self._by_byte[0] >= _MANY
        counted, near = self._by_byte[:, are_many]
        if len(counted) < _BYTES or np.mean(near / counted) < _MOST / 2:
            return False
        return bool(np.median(self._most[are_many] - self._least[are_many]) >= _VARIED)
