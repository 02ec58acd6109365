"""Attention of a batch over its own frames and its look-back."""

from collections.abc import Sequence

from torch import Tensor, nn

from voicechat_server.asr.paraformer.lookback import LookBack
from voicechat_server.asr.paraformer.modules import Attention


def attend(query: Tensor, memory: Tensor, invalid: Tensor | None, heads: int) -> Tensor:
    """Scaled dot-product attention.

    Args:
        query: [rows, queries, width].
        memory: Keys and values side by side, [rows, keys, 2 x width].
        invalid: Keys to leave out, [rows, keys]; None where all count.
        heads: Heads that the width is split into.

    Returns:
        [rows, queries, width].
    """
    mask = None if invalid is None else ~invalid[:, None, None, :]
    keys, values = memory.chunk(2, dim=-1)
    context = nn.functional.scaled_dot_product_attention(
        _split(query, heads), _split(keys, heads), _split(values, heads), attn_mask=mask
    )
    return context.transpose(1, 2).reshape(query.shape)


def _split(x: Tensor, heads: int) -> Tensor:
    """[rows, frames, heads x width] -> [rows, heads, frames, width]."""
    rows, frames, width = x.shape
    return x.view(rows, frames, heads, width // heads).transpose(1, 2)


def look_back_of(attentions: Sequence[Attention], chunks: int, step: int, like: Tensor) -> LookBack | None:
    """Return the look-back of a stack of layers: `chunks` x `step` frames, -1 for all; None for 0.

    Its numbers are of the format and on the device of `like`.
    """
    if chunks == 0:
        return None
    first = attentions[0]
    frames = None if chunks < 0 else chunks * step
    return LookBack(len(attentions), 2 * first.h * first.d_k, frames, like.device, like.dtype)
