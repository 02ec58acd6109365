"""Attention of a batch over its own frames and its look-back."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from voicechat_server.asr.paraformer.lookback import LookBack
from voicechat_server.asr.paraformer.modules import Attention


def split_heads(x: Tensor, heads: int) -> Tensor:
    """[rows, frames, heads x width] -> [rows, heads, frames, width]."""
    rows, frames, width = x.shape
    return x.view(rows, frames, heads, width // heads).transpose(1, 2)


def attend(query: Tensor, key: Tensor, value: Tensor, invalid: Tensor | None) -> Tensor:
    """Scaled dot-product attention over heads.

    Args:
        query: [rows, heads, queries, width].
        key: [rows, heads, keys, width].
        value: Like `key`.
        invalid: Keys to leave out, [rows, keys]; None where all count.

    Returns:
        [rows, queries, heads x width].
    """
    mask = None if invalid is None else ~invalid[:, None, None, :]
    context = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    rows, heads, queries, width = context.shape
    return context.transpose(1, 2).reshape(rows, queries, heads * width)


def look_back_of(
    attentions: Sequence[Attention], chunks: int, step: int, device: torch.device
) -> LookBack | None:
    """Return the look-back of a stack of layers: `chunks` x `step` frames, -1 for all; None for 0."""
    if chunks == 0:
        return None
    first = attentions[0]
    frames = None if chunks < 0 else chunks * step
    return LookBack(len(attentions), first.h, first.d_k, frames, device)
