"""The tokens that fired in one chunk of many streams through FunASR's decoder, in 8 bits and one call.

Of each block, for rows x [tokens, width] and the encoder's frames e [frames, width]; Linear is y = x · Wᵀ +
b in 8 bits, all else is float32:

    h = norm2(Linear(norm(max(Linear(norm1(x)), 0))))
    x = x + h + convolution(h)                                      over this and the tokens before
    x = x + Linear(attention(Linear(norm3(x)), Linear(e)))

Then come blocks of x = Linear(norm(max(Linear(norm1(x)), 0))) alone, and argmax(Linear(norm(x))) gives the
tokens.

Gao et al., "Paraformer: Fast and Accurate Parallel Transformer for Non-autoregressive End-to-End Speech
Recognition", 2022 (arXiv:2206.08317); FunASR's `ParaformerSANMDecoder`.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
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
from voicechat_server.asr.paraformer.kernels.compiling import compiled, entry
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
    quantise_row,
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
from voicechat_server.asr.paraformer.modules import decoder_blocks, map_of
from voicechat_server.asr.paraformer.rows import Rows, example_rows


class _FeedForwards(NamedTuple):
    """The feed-forward layers of a stack, with the normalisation before them and that in their middle."""

    before: Norms
    expand: Linears
    middle: Norms
    contract: Linears


class _Blocks(NamedTuple):
    """All blocks, packed; those of `last` are feed-forward layers alone."""

    heads: int
    feed_forwards: _FeedForwards
    norm2: Norms
    memory: Floats
    norm3: Norms
    query: Linears
    key_value: Linears
    output: Linears
    last: _FeedForwards
    after: Norms
    vocabulary: Linears


class _Workspace(NamedTuple):
    """Memory for one step, taken anew each time."""

    row: Floats
    quantised: Quantised
    quantised_wide: Quantised
    encoded: Quantised
    key_values: Floats
    hidden: Floats
    expanded: Floats
    sequence: Floats
    queries: Floats
    context: Floats
    scores: Floats
    attention: AttentionWorkspace


class DecoderKernel:
    """A `steppers.Decoder` in 8 bits: every token and frame is quantised by itself.

    It keeps nothing of a step, so that all streams and threads may share it.

    Args:
        decoder: FunASR's decoder in fp32; it is not needed any more afterwards.
        cache: Directory where what was compiled is kept for the next start; None to compile it anew.
    """

    def __init__(self, decoder: nn.Module, cache: Path | None) -> None:
        blocks = decoder_blocks(decoder, "decoders")
        self._vocabulary = len(decoder.get_parameter("output_layer.weight"))
        self._step = entry(_step, cache)
        self._width = len(decoder.get_parameter("after_norm.weight"))
        self._blocks = _Blocks(
            heads=blocks[0].src_attn.h,
            feed_forwards=_feed_forwards(decoder, "decoders"),
            norm2=norms_of([block.norm2 for block in blocks]),
            memory=kernels_of([block.self_attn.fsmn_block for block in blocks]),
            norm3=norms_of([block.norm3 for block in blocks]),
            query=pack([block.src_attn.linear_q for block in blocks]),
            key_value=pack([block.src_attn.linear_k_v for block in blocks]),
            output=pack([block.src_attn.linear_out for block in blocks]),
            last=_feed_forwards(decoder, "decoders3"),
            after=norms_of([map_of(decoder, "after_norm")]),
            vocabulary=pack([map_of(decoder, "output_layer")]),
        )
        self._compile()

    def memory(self, segments: int) -> Tensor:
        """See `steppers.Decoder`."""
        layers, frames, width = self._blocks.memory.shape
        return torch.zeros(layers, segments, frames - 1, width)

    def look_back(self, chunks: int, step: int) -> HeadLookBack:
        """See `steppers.Decoder`."""
        layers, heads = len(self._blocks.memory), self._blocks.heads
        frames = max(chunks, 0) * step
        return HeadLookBack(layers, heads, self._width // heads, frames)

    def step(
        self, x: Tensor, counts: Tensor, encoded: Tensor, rows: Rows, fsmn: Tensor, look_back: HeadLookBack
    ) -> Tensor:
        """See `steppers.Decoder`."""
        lengths, fired = rows.lengths.tolist(), counts.tolist()
        frames = encoded[~rows.padding(encoded.shape[1])].numpy()
        tokens = x[torch.arange(x.shape[1])[None, :] < counts[:, None]].numpy()
        written = [state.decoder_frames for state in rows.states]
        earlier = look_backs_of(look_back, rows, written, encoded.shape[1])
        work = self._workspace(len(tokens), len(fired), len(frames), max(lengths), earlier)
        ids = self._step(
            tokens, starts_of(fired), frames, starts_of(lengths), fsmn.numpy(), earlier, self._blocks, work,
            self._vocabulary,
        )  # fmt: skip
        return pad_sequence(torch.from_numpy(ids).split(fired), batch_first=True)

    @torch.inference_mode()
    def _compile(self) -> None:
        look_back = self.look_back(chunks=1, step=2)
        look_back.clear_all(1)
        rows = example_rows(1, frames=3, device=torch.device("cpu"))
        x = torch.zeros(1, 3, self._width)
        self.step(x, rows.lengths, x, rows, self.memory(1), look_back)

    def _workspace(
        self, tokens: int, streams: int, frames: int, longest: int, look_backs: LookBacks
    ) -> _Workspace:
        blocks, width = self._blocks, self._width
        wide = blocks.feed_forwards.expand.columns.shape[2]
        ring, size = look_backs.rings.shape[2:]
        return _Workspace(
            row=np.empty(max(width, wide), np.float32),
            quantised=quantised_workspace(tokens, width),
            quantised_wide=quantised_workspace(tokens, wide),
            encoded=quantised_workspace(frames, width),
            key_values=row_workspace(frames, 2 * width),
            hidden=row_workspace(tokens, width),
            expanded=row_workspace(tokens, wide),
            sequence=np.empty((tokens + streams * (blocks.memory.shape[1] - 1), width), np.float32),
            queries=row_workspace(tokens, width),
            context=row_workspace(tokens, width),
            scores=row_workspace(tokens, blocks.vocabulary.columns.shape[2]),
            attention=attention_workspace(size, ring + longest),
        )


def _feed_forwards(decoder: nn.Module, name: str) -> _FeedForwards:
    blocks = decoder_blocks(decoder, name)
    return _FeedForwards(
        before=norms_of([block.norm1 for block in blocks]),
        expand=pack([block.feed_forward.w_1 for block in blocks]),
        middle=norms_of([block.feed_forward.norm for block in blocks]),
        contract=pack([block.feed_forward.w_2 for block in blocks]),
    )


@compiled
def _feed_forward(
    x: Floats, rows: int, layers: _FeedForwards, layer: int, work: _Workspace, into: Floats
) -> None:
    normalise_and_quantise(x, rows, layers.before, layer, work.row, work.quantised)
    multiply(work.quantised, rows, layers.expand, layer, work.expanded, 0.0, False)
    normalise_and_quantise(work.expanded, rows, layers.middle, layer, work.row, work.quantised_wide)
    multiply(work.quantised_wide, rows, layers.contract, layer, into, UNBOUNDED, False)


@compiled
def _look_at_tokens(
    layer: int, starts: Indices, memory: Floats, look_backs: LookBacks, blocks: _Blocks, work: _Workspace
) -> None:
    """Add to each stream's tokens what its newest ones tell, and keep those for the next chunk."""
    kernel = blocks.memory[layer]
    earlier = len(kernel) - 1
    for stream in range(len(starts) - 1):
        begin, end = starts[stream], starts[stream + 1]
        first = begin + stream * earlier
        remembered = memory[layer, look_backs.slots[stream]]
        for token in range(earlier):
            for index in range(remembered.shape[1]):
                work.sequence[first + token, index] = remembered[token, index]
        for token in range(begin, end):
            normalise_row(
                work.context[token], blocks.norm2, layer, work.sequence[first + earlier + token - begin]
            )
        add_convolved(
            work.sequence, first, first + earlier + end - begin, 0, first + earlier, earlier, kernel,
            work.hidden, begin, end - begin,
        )  # fmt: skip
        if look_backs.kept[stream] > 0:
            for token in range(earlier):
                for index in range(remembered.shape[1]):
                    remembered[token, index] = work.sequence[first + end - begin + token, index]


def _step(
    x: Floats,
    starts: Indices,
    encoded: Floats,
    frame_starts: Indices,
    memory: Floats,
    look_backs: LookBacks,
    blocks: _Blocks,
    work: _Workspace,
    vocabulary: int,
) -> NDArray[np.int64]:
    tokens, width = x.shape
    frames = Frames(work.key_values, frame_starts, 0)
    for token in range(tokens):
        for index in range(width):
            work.hidden[token, index] = x[token, index]
    quantise(encoded, len(encoded), work.encoded)
    for layer in range(len(blocks.memory)):
        _feed_forward(work.hidden, tokens, blocks.feed_forwards, layer, work, work.context)
        _look_at_tokens(layer, starts, memory, look_backs, blocks, work)
        multiply(work.encoded, len(encoded), blocks.key_value, layer, work.key_values, UNBOUNDED, False)
        normalise_and_quantise(work.hidden, tokens, blocks.norm3, layer, work.row, work.quantised)
        multiply(work.quantised, tokens, blocks.query, layer, work.queries, UNBOUNDED, False)
        attend(layer, blocks.heads, work.queries, starts, frames, look_backs, work.attention, work.context)
        quantise(work.context, tokens, work.quantised)
        multiply(work.quantised, tokens, blocks.output, layer, work.hidden, UNBOUNDED, True)
    for layer in range(len(blocks.last.expand.begins)):
        _feed_forward(work.hidden, tokens, blocks.last, layer, work, work.hidden)
    for token in range(tokens):
        normalise_row(work.hidden[token], blocks.after, 0, work.row)
        quantise_row(work.row, width, work.quantised, token)
    multiply(work.quantised, tokens, blocks.vocabulary, 0, work.scores, UNBOUNDED, False)
    ids = np.empty(tokens, np.int64)
    for token in range(tokens):
        ids[token] = np.argmax(work.scores[token, :vocabulary])
    return ids
