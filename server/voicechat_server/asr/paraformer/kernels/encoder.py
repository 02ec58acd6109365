"""One chunk of many streams through FunASR's SANM encoder blocks, in 8 bits and one call.

Of each block, for rows x [frames, width]; Linear is y = x · Wᵀ + b in 8 bits, all else is float32:

    q, k, v = Linear(norm1(x))
    x = x + Linear(attention(q, k, v)) + v + convolution(v)      without x where the block changes the width
    x = x + Linear(max(Linear(norm2(x)), 0))

and at the end norm(x). docs/kernels.md walks through it. What is quantised is off by half a step of 127, so
that the whole is near the same in exact numbers, not equal: within 1 % of its norm for a step of the demo
model.

Gao, Zhang, Lei and McLoughlin, "SAN-M: Memory Equipped Self-Attention for End-to-End Speech Recognition",
2020 (arXiv:2006.01713); FunASR's `SANMEncoderChunkOpt`.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from voicechat_server.asr.paraformer.kernels.attention import (
    AttentionWorkspace,
    Frames,
    LookBacks,
    attend,
    attention_workspace,
    look_backs_of,
    starts_of,
)
from voicechat_server.asr.paraformer.kernels.compiling import entry
from voicechat_server.asr.paraformer.kernels.convolution import add_convolved, kernels_of
from voicechat_server.asr.paraformer.kernels.linear import (
    UNBOUNDED,
    Floats,
    Indices,
    Linears,
    Quantised,
    multiply,
    pack,
    quantise,
    quantised_workspace,
    row_workspace,
)
from voicechat_server.asr.paraformer.kernels.norm import (
    Norms,
    normalise_and_quantise,
    normalise_row,
    norms_of,
)
from voicechat_server.asr.paraformer.lookback import HeadLookBack
from voicechat_server.asr.paraformer.modules import encoder_blocks, map_of
from voicechat_server.asr.paraformer.rows import Rows, example_rows


class _Blocks(NamedTuple):
    """All blocks, packed."""

    heads: int
    norm1: Norms
    query_key_value: Linears
    memory: Floats
    output: Linears
    norm2: Norms
    expand: Linears
    contract: Linears
    after: Norms


class _Workspace(NamedTuple):
    """Memory for one step, taken anew each time."""

    row: Floats
    input: Quantised
    quantised: Quantised
    quantised_wide: Quantised
    projected: Floats
    context: Floats
    hidden: Floats
    expanded: Floats
    attention: AttentionWorkspace


class EncoderKernel:
    """A `steppers.Encoder` in 8 bits: every frame is quantised by itself.

    It keeps nothing of a step, so that all streams and threads may share it.

    Args:
        encoder: FunASR's encoder in fp32; it is not needed any more afterwards.
        cache: Directory where what was compiled is kept for the next start; None to compile it anew.

    Attributes:
        width: Width of the encoder's output.
    """

    def __init__(self, encoder: nn.Module, cache: Path | None) -> None:
        blocks = encoder_blocks(encoder)
        self._step = entry(_step, cache)
        self.width = blocks[-1].size
        self._blocks = _Blocks(
            heads=blocks[0].self_attn.h,
            norm1=norms_of([block.norm1 for block in blocks]),
            query_key_value=pack([block.self_attn.linear_q_k_v for block in blocks]),
            memory=kernels_of([block.self_attn.fsmn_block for block in blocks]),
            output=pack([block.self_attn.linear_out for block in blocks]),
            norm2=norms_of([block.norm2 for block in blocks]),
            expand=pack([block.feed_forward.w_1 for block in blocks]),
            contract=pack([block.feed_forward.w_2 for block in blocks]),
            after=norms_of([map_of(encoder, "after_norm")]),
        )
        self._compile(blocks[0].in_size)

    def look_back(self, chunks: int, step: int) -> HeadLookBack:
        """See `steppers.Encoder`."""
        layers, heads = len(self._blocks.memory), self._blocks.heads
        frames = None if chunks < 0 else chunks * step
        return HeadLookBack(layers, heads, self.width // heads, frames)

    def step(self, x: Tensor, rows: Rows, look_back: HeadLookBack, kept: int) -> Tensor:
        """See `steppers.Encoder`."""
        lengths = rows.lengths.tolist()
        features = x[~rows.padding(x.shape[1])].numpy()
        written = [state.encoder_frames for state in rows.states]
        earlier = look_backs_of(look_back, rows, written, kept)
        encoded = self._step(
            features,
            starts_of(lengths),
            earlier,
            self._blocks,
            self._workspace(features, max(lengths), earlier),
        )
        return pad_sequence(torch.from_numpy(encoded[: len(features)]).split(lengths), batch_first=True)

    @torch.inference_mode()
    def _compile(self, features: int) -> None:
        look_back = self.look_back(chunks=1, step=2)
        look_back.clear_all(1)
        rows = example_rows(1, frames=3, device=torch.device("cpu"))
        self.step(torch.zeros(1, 3, features), rows, look_back, kept=2)

    def _workspace(self, features: Floats, longest: int, look_backs: LookBacks) -> _Workspace:
        count, width = len(features), self.width
        wide = self._blocks.expand.columns.shape[2]
        frames, size = look_backs.rings.shape[2:]
        return _Workspace(
            row=np.empty(max(width, features.shape[1]), np.float32),
            input=quantised_workspace(count, features.shape[1]),
            quantised=quantised_workspace(count, width),
            quantised_wide=quantised_workspace(count, wide),
            projected=row_workspace(count, 3 * width),
            context=row_workspace(count, width),
            hidden=row_workspace(count, width),
            expanded=row_workspace(count, wide),
            attention=attention_workspace(size, frames + longest),
        )


def _step(x: Floats, starts: Indices, look_backs: LookBacks, blocks: _Blocks, work: _Workspace) -> Floats:
    rows, width = len(x), work.hidden.shape[1]
    frames = Frames(work.projected, starts, width)
    if x.shape[1] == width:
        # The first block adds to its input only if that is as wide as what it gives.
        for row in range(rows):
            for index in range(width):
                work.hidden[row, index] = x[row, index]
    for layer in range(len(blocks.memory)):
        before, quantised = (x, work.input) if layer == 0 else (work.hidden, work.quantised)
        normalise_and_quantise(before, rows, blocks.norm1, layer, work.row, quantised)
        multiply(quantised, rows, blocks.query_key_value, layer, work.projected, UNBOUNDED, False)
        attend(layer, blocks.heads, work.projected, starts, frames, look_backs, work.attention, work.context)
        kernel = blocks.memory[layer]
        for stream in range(len(starts) - 1):
            begin, end = starts[stream], starts[stream + 1]
            add_convolved(
                work.projected, begin, end, 2 * width, begin, len(kernel) // 2, kernel,
                work.hidden, begin, end - begin,
            )  # fmt: skip
        quantise(work.context, rows, work.quantised)
        multiply(work.quantised, rows, blocks.output, layer, work.hidden, UNBOUNDED, True)
        normalise_and_quantise(work.hidden, rows, blocks.norm2, layer, work.row, work.quantised)
        multiply(work.quantised, rows, blocks.expand, layer, work.expanded, 0.0, False)
        quantise(work.expanded, rows, work.quantised_wide)
        multiply(work.quantised_wide, rows, blocks.contract, layer, work.hidden, UNBOUNDED, True)
    for row in range(rows):
        normalise_row(work.hidden[row], blocks.after, 0, work.context[row])
    return work.context
