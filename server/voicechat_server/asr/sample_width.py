"""Notices 8-bit samples that were declared as 16-bit ones."""

import numpy as np

from voicechat_common.audio import SampleFramer

_ENOUGH = 8000
"""Loud samples after which it is decided: half a second of speech, far less of 8-bit silence."""

_OF_A_FRAME = 32_000
"""Samples looked at in one frame, evenly spread: a frame may hold minutes, and the event loop waits."""

_GIVEN_UP = 1_000_000
"""Samples looked at, a minute at 16 kHz, after which a stream as silent as that is left alone."""

_LOUD = 1024
_NEAR = 16
_MOST = 0.7


class WidthCheck:
    """Looks at the beginning of a stream.

    Two neighbouring samples of 8 bits, which differ little, look like the two bytes of one sample of 16 bits.
    In real samples of 16 bits the lower byte is as good as random beside the upper one, unless it is zero: so
    it is in a recording that once had 8 bits, and such samples don't count.
    """

    def __init__(self) -> None:
        self._framer = SampleFramer()
        self._seen = 0
        self._counted = 0
        self._near = 0

    def is_eight_bit(self, data: bytes) -> bool:
        """Take the next frame of the stream; return True once, when they are surely 8-bit samples."""
        if self._counted >= _ENOUGH or self._seen >= _GIVEN_UP:
            return False
        samples = self._framer.push(data)
        samples = samples[:: len(samples) // _OF_A_FRAME + 1].astype(np.int32)
        self._seen += len(samples)
        samples = samples[(np.abs(samples) > _LOUD) & (samples % 256 != 0)]
        apart = (samples % 256 - samples // 256) % 256
        self._counted += len(samples)
        self._near += int(np.count_nonzero(np.minimum(apart, 256 - apart) <= _NEAR))
        return self._counted >= _ENOUGH and self._near >= _MOST * self._counted
