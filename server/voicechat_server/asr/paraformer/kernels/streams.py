"""The rows of a batch, as kernels take them: one behind the other, without padding."""

import numpy as np

from voicechat_server.asr.paraformer.kernels.attention import LookBacks
from voicechat_server.asr.paraformer.kernels.linear import Indices
from voicechat_server.asr.paraformer.lookback import HeadLookBack
from voicechat_server.asr.paraformer.rows import Rows


def starts_of(lengths: list[int]) -> Indices:
    """Return where each stream begins, and where the last one ends."""
    return np.cumsum([0, *lengths])


def look_backs_of(look_back: HeadLookBack, rows: Rows, written: list[int], kept: int) -> LookBacks:
    """Return the look-backs of a batch.

    Args:
        look_back: Those of all segments.
        rows: The rows of the batch.
        written: Frames each row's segment wrote before.
        kept: Leading frames of a chunk that rows which go on write.
    """
    return LookBacks(
        rings=look_back.rings.numpy(),
        slots=rows.slots.numpy(),
        written=np.array(written),
        kept=np.where(rows.final.numpy(), 0, kept),
    )
