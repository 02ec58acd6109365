"""Small blocks of FunASR's shapes with random weights, and what plain numpy makes of them.

`Linear` here is the 8-bit map of the kernels, by its formula; everything else is in fp64.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

Array = NDArray[np.float64]

HEADS = 2
TAPS = 3


def _block(**parts: Any) -> nn.Module:
    """A module with some parts and numbers."""
    module = nn.Module()
    for name, part in parts.items():
        setattr(module, name, part)
    return module


def _fsmn(width: int) -> nn.Module:
    return nn.Conv1d(width, width, TAPS, groups=width, bias=False)


def _norm(width: int) -> nn.LayerNorm:
    norm = nn.LayerNorm(width, eps=1e-12)
    nn.init.normal_(norm.weight, 1, 0.3)
    nn.init.normal_(norm.bias, 0, 0.3)
    return norm


def encoder(features: int, width: int, wide: int) -> nn.Module:
    """Two encoder blocks, of which the first changes the width."""

    def block(inputs: int) -> nn.Module:
        attention = _block(
            h=HEADS,
            d_k=width // HEADS,
            linear_q_k_v=nn.Linear(inputs, 3 * width),
            linear_out=nn.Linear(width, width),
            fsmn_block=_fsmn(width),
        )
        return _block(
            in_size=inputs,
            size=width,
            norm1=_norm(inputs),
            norm2=_norm(width),
            self_attn=attention,
            feed_forward=_block(w_1=nn.Linear(width, wide), w_2=nn.Linear(wide, width)),
        )

    blocks = {"encoders0": nn.ModuleList([block(features)]), "encoders": nn.ModuleList([block(width)])}
    return _block(**blocks, after_norm=_norm(width)).requires_grad_(requires_grad=False)


def decoder(width: int, wide: int, vocabulary: int) -> nn.Module:
    """One decoder block with attention, one of a feed-forward layer alone, and the output layer."""

    def feed_forward() -> nn.Module:
        return _block(w_1=nn.Linear(width, wide), norm=_norm(wide), w_2=nn.Linear(wide, width, bias=False))

    attention = _block(
        h=HEADS,
        d_k=width // HEADS,
        linear_q=nn.Linear(width, width),
        linear_k_v=nn.Linear(width, 2 * width),
        linear_out=nn.Linear(width, width),
    )
    block = _block(
        norm1=_norm(width),
        norm2=_norm(width),
        norm3=_norm(width),
        feed_forward=feed_forward(),
        self_attn=_block(fsmn_block=_fsmn(width), kernel_size=TAPS),
        src_attn=attention,
    )
    last = _block(norm1=_norm(width), feed_forward=feed_forward())
    return _block(
        decoders=nn.ModuleList([block]),
        decoders3=nn.ModuleList([last]),
        after_norm=_norm(width),
        output_layer=nn.Linear(width, vocabulary),
    ).requires_grad_(requires_grad=False)


def _numbers(tensor: torch.Tensor) -> Array:
    return tensor.detach().double().numpy()


def _linear(x: Array, layer: Any) -> Array:
    weights = _numbers(layer.weight)
    lacking = -weights.shape[1] % 8
    meeting = np.pad(weights, ((0, 0), (0, lacking))).reshape(len(weights), -1, 2, 2, 2)
    fours = [np.maximum(part, 0).sum(axis=(2, 4)).max(axis=(1, 2)) for part in (meeting, -meeting)]
    scales = np.maximum.reduce([np.abs(weights).max(axis=1) / 127, fours[0] / 256, fours[1] / 256])[:, None]
    least, most = np.minimum(x.min(axis=1), 0), np.maximum(x.max(axis=1), 0)
    row_scales = np.maximum((most - least) / 127, 1e-12)[:, None]
    zeros = np.floor(0.5 - least[:, None] / row_scales)
    numbers = np.minimum(np.floor(x / row_scales + zeros + 0.5), 127)
    mapped: Array = (row_scales * (numbers - zeros)) @ (scales * np.rint(weights / scales)).T
    return mapped if layer.bias is None else mapped + _numbers(layer.bias)


def _normalised(x: Array, norm: Any) -> Array:
    spread = np.sqrt(x.var(axis=1, keepdims=True) + norm.eps)
    normalised: Array = (x - x.mean(axis=1, keepdims=True)) / spread
    return normalised * _numbers(norm.weight) + _numbers(norm.bias)


def _attended(queries: Array, keys: Array, values: Array) -> Array:
    heads = []
    for q, k, v in zip(*(np.split(part, HEADS, axis=1) for part in (queries, keys, values)), strict=True):
        weights = np.exp(q @ k.T / np.sqrt(q.shape[1]))
        heads.append(weights / weights.sum(axis=1, keepdims=True) @ v)
    return np.concatenate(heads, axis=1)


def _convolved(x: Array, layer: Any, before: int, behind: int) -> Array:
    """Each channel over time, with zeros around."""
    padded, kernel = np.pad(x, ((before, behind), (0, 0))), _numbers(layer.weight)[:, 0].T
    windows = [padded[tap : tap + len(padded) - TAPS + 1] * kernel[tap] for tap in range(TAPS)]
    convolved: Array = np.sum(windows, axis=0)
    return convolved


Memory = dict[int, tuple[Array, Array]]
"""The keys and values that each block keeps."""


def _with_earlier(earlier: Memory, layer: int, keys: Array, values: Array) -> tuple[Array, Array]:
    earlier_keys, earlier_values = earlier.get(layer, (keys[:0], values[:0]))
    return np.concatenate([earlier_keys, keys]), np.concatenate([earlier_values, values])


def encoded(model: Any, x: Array, earlier: Memory, kept: int) -> Array:
    """Step one chunk of one stream; `earlier` gets its `kept` leading frames."""
    for layer, block in enumerate([*model.encoders0, *model.encoders]):
        attention = block.self_attn
        queries, keys, values = np.split(
            _linear(_normalised(x, block.norm1), attention.linear_q_k_v), 3, axis=1
        )
        seen = _with_earlier(earlier, layer, keys, values)
        earlier[layer] = seen[0][: len(seen[0]) - len(x) + kept], seen[1][: len(seen[1]) - len(x) + kept]
        h = _linear(_attended(queries, *seen), attention.linear_out)
        h = h + values + _convolved(values, attention.fsmn_block, TAPS // 2, TAPS // 2)
        x = x + h if block.in_size == block.size else h
        feed_forward = block.feed_forward
        hidden = np.maximum(_linear(_normalised(x, block.norm2), feed_forward.w_1), 0)
        x = x + _linear(hidden, feed_forward.w_2)
    return _normalised(x, model.after_norm)


def _fed_forward(x: Array, block: Any) -> Array:
    layer = block.feed_forward
    hidden = np.maximum(_linear(_normalised(x, block.norm1), layer.w_1), 0)
    return _linear(_normalised(hidden, layer.norm), layer.w_2)


def scores(model: Any, x: Array, frames: Array, before: Array, earlier: Memory) -> tuple[Array, Array]:
    """Step the tokens of one chunk of one stream; `before` [taps - 1, width] are the normalised ones before.

    Returns:
        The scores of each token's words, and what to give as `before` the next time.
    """
    (block,) = model.decoders
    h = _normalised(_fed_forward(x, block), block.norm2)
    sequence = np.concatenate([before, h])
    x = x + h + _convolved(sequence, block.self_attn.fsmn_block, 0, 0)
    attention = block.src_attn
    keys, values = np.split(_linear(frames, attention.linear_k_v), 2, axis=1)
    seen = earlier[0] = _with_earlier(earlier, 0, keys, values)
    queries = _linear(_normalised(x, block.norm3), attention.linear_q)
    x = x + _linear(_attended(queries, *seen), attention.linear_out)
    for last in model.decoders3:
        x = _fed_forward(x, last)
    return _linear(_normalised(x, model.after_norm), model.output_layer), sequence[1 - TAPS :]
