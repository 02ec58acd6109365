"""Notices that the samples of a stream have another form than declared."""

from collections import Counter

import numpy as np

from voicechat_common.audio import Samples
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.speech import Error
from voicechat_server.asr.audio_check.sample_form import BLOCK_SAMPLES, Form, form_of, is_audible
from voicechat_server.asr.audio_check.sample_width import WidthCheck

_VOTES, _SHARE = 3, 0.25
"""Blocks that have to agree, and their least share of all audible blocks so far; pauses have no form."""

_STEREO_VOTES, _STEREO_SHARE = 4, 0.4
"""The same for two channels, which mixed sounds resemble most easily."""

_MOST_AUDIBLE = 96
"""Audible blocks looked at: 37 seconds at 16 kHz, or six of wide samples at 48 kHz."""

_MOST = 1000
"""Blocks looked at in all, six minutes at 16 kHz, after which a stream that quiet is left alone."""


_GATHERED = 1024
"""Samples looked at in one go, if they come in smaller packets."""


class FormCheck:
    """Looks at the start of a stream; how it is cut into packets makes no difference."""

    def __init__(self) -> None:
        self._packets: list[Samples] = []
        self._gathered = 0
        self._width = WidthCheck()
        self._waiting = np.zeros(0, np.int16)
        self._votes: Counter[Form] = Counter()
        self._audible = 0
        self._left = _MOST

    def look(self, samples: Samples) -> Form | None:
        """Take the next samples of the stream; return their form once, when it is certainly another."""
        if not self._left:
            return None
        self._packets.append(samples)
        self._gathered += len(samples)
        if self._gathered < _GATHERED:
            return None
        samples = np.concatenate(self._packets)
        self._packets, self._gathered = [], 0
        form = Form.EIGHT_BIT if self._width.is_eight_bit(samples) else self._judge(samples)
        if form is not None or self._audible >= _MOST_AUDIBLE:
            self._left = 0
            self._waiting = self._waiting[:0]
        return form

    def _judge(self, samples: Samples) -> Form | None:
        self._waiting = np.concatenate((self._waiting, samples[: self._left * BLOCK_SAMPLES]))
        while len(self._waiting) >= BLOCK_SAMPLES and self._left:
            block, self._waiting = np.split(self._waiting, [BLOCK_SAMPLES])
            self._left -= 1
            if self._audible < _MOST_AUDIBLE and is_audible(block) and (form := self._counted(block)):
                return form
        return None

    def _counted(self, block: Samples) -> Form | None:
        self._audible += 1
        form = form_of(block)
        if form is None:
            return None
        self._votes[form] += 1
        votes, share = (_STEREO_VOTES, _STEREO_SHARE) if form is Form.STEREO else (_VOTES, _SHARE)
        agreed = self._votes[form]
        return form if agreed >= votes and agreed >= share * self._audible else None


def wrong_form(form: Form) -> Error:
    """Return the warning for the client, sent once while the stream goes on."""
    return Error(
        code=ErrorCode.EIGHT_BIT if form is Form.EIGHT_BIT else ErrorCode.WRONG_FORM,
        message=f"The audio looks like {form.value}, but is read as 16-bit mono samples.",
        advice="Send 16-bit little-endian mono samples, such as `ffmpeg -i FILE -ar 16000 -ac 1 -f s16le -` "
        "makes; nothing sensible can be recognised otherwise.",
    )
