"""The tokens that fired in one chunk of many streams through FunASR's decoder, in 8 bits and one call."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from voicechat_server.asr.paraformer.kernels.attention import (
    AttentionRoom,
    Frames,
    LookBacks,
    attend,
    room_to_attend,
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
    room_for_rows,
    room_to_quantise,
)
from voicechat_server.asr.paraformer.kernels.norm import (
    Norms,
    normalise_and_quantise,
    normalise_row,
    norms_of,
)
from voicechat_server.asr.paraformer.kernels.streams import look_backs_of, starts_of
from voicechat_server.asr.paraformer.lookback import LookBack
from voicechat_server.asr.paraformer.modules import decoder_blocks, map_of
from voicechat_server.asr.paraformer.rows import Rows, example_rows


class _FeedForwards(NamedTuple):
    """The feed-forward layers of a stack, with the normalisation before them and that in their middle."""

    before: Norms
    widen: Linears
    middle: Norms
    narrow: Linears


class _Blocks(NamedTuple):
    """All blocks, packed; those of `last` are feed-forward layers alone."""

    heads: int
    feed_forwards: _FeedForwards
    norm2: Norms
    memory: Floats
    norm3: Norms
    ask: Linears
    show: Linears
    attended: Linears
    last: _FeedForwards
    after: Norms
    output: Linears


class _Room(NamedTuple):
    """Scratch."""

    row: Floats
    narrow: Quantised
    wide: Quantised
    encoded: Quantised
    shown: Floats
    hidden: Floats
    widened: Floats
    sequence: Floats
    asking: Floats
    context: Floats
    scores: Floats
    attention: AttentionRoom


class DecoderKernel:
    """Steps all decoder blocks as `DecoderStepper` does; every token and frame is quantised by itself.

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
            ask=pack([block.src_attn.linear_q for block in blocks]),
            show=pack([block.src_attn.linear_k_v for block in blocks]),
            attended=pack([block.src_attn.linear_out for block in blocks]),
            last=_feed_forwards(decoder, "decoders3"),
            after=norms_of([map_of(decoder, "after_norm")]),
            output=pack([map_of(decoder, "output_layer")]),
        )
        self._compile()

    def memory(self, segments: int) -> Tensor:
        """Return the convolution memory of new segments, [layers, segments, earlier tokens seen, width]."""
        layers, frames, width = self._blocks.memory.shape
        return torch.zeros(layers, segments, frames - 1, width)

    def look_back(self, chunks: int, step: int) -> LookBack:
        """Return room for that many earlier chunks of `step` frames; like FunASR, none for -1."""
        layers, heads = len(self._blocks.memory), self._blocks.heads
        frames = max(chunks, 0) * step
        return LookBack(layers * heads * 2, self._width // heads, frames, torch.device("cpu"), torch.float32)

    def step(
        self, x: Tensor, counts: Tensor, encoded: Tensor, rows: Rows, fsmn: Tensor, look_back: LookBack
    ) -> Tensor:
        """Decode the tokens of every row.

        Args:
            x: Acoustic embeddings, padded, [rows, tokens, width].
            counts: Tokens of each row, [rows].
            encoded: The encoder's output, [rows, frames, width].
            rows: The rows of the batch.
            fsmn: Convolution memory of all segments, [layers, segments, memory frames, width]; updated.
            look_back: Earlier keys and values of the encoder's output.

        Returns:
            Token ids, padded, [rows, tokens].
        """
        lengths, fired = rows.lengths.tolist(), counts.tolist()
        frames = encoded[~rows.padding(encoded.shape[1])].numpy()
        tokens = x[torch.arange(x.shape[1])[None, :] < counts[:, None]].numpy()
        written = [state.decoder_frames for state in rows.states]
        earlier = look_backs_of(look_back, rows, written, encoded.shape[1])
        room = self._room(len(tokens), len(fired), len(frames), max(lengths), earlier)
        ids = self._step(
            tokens, starts_of(fired), frames, starts_of(lengths), fsmn.numpy(), earlier, self._blocks, room,
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

    def _room(self, tokens: int, streams: int, frames: int, longest: int, look_backs: LookBacks) -> _Room:
        blocks, width = self._blocks, self._width
        wide = blocks.feed_forwards.widen.columns.shape[2]
        ring, size = look_backs.rings.shape[2:]
        return _Room(
            row=np.empty(max(width, wide), np.float32),
            narrow=room_to_quantise(tokens, width),
            wide=room_to_quantise(tokens, wide),
            encoded=room_to_quantise(frames, width),
            shown=room_for_rows(frames, 2 * width),
            hidden=room_for_rows(tokens, width),
            widened=room_for_rows(tokens, wide),
            sequence=np.empty((tokens + streams * (blocks.memory.shape[1] - 1), width), np.float32),
            asking=room_for_rows(tokens, width),
            context=room_for_rows(tokens, width),
            scores=room_for_rows(tokens, blocks.output.columns.shape[2]),
            attention=room_to_attend(size, ring + longest),
        )


def _feed_forwards(decoder: nn.Module, name: str) -> _FeedForwards:
    blocks = decoder_blocks(decoder, name)
    return _FeedForwards(
        before=norms_of([block.norm1 for block in blocks]),
        widen=pack([block.feed_forward.w_1 for block in blocks]),
        middle=norms_of([block.feed_forward.norm for block in blocks]),
        narrow=pack([block.feed_forward.w_2 for block in blocks]),
    )


@compiled
def _feed_forward(x: Floats, rows: int, layers: _FeedForwards, layer: int, room: _Room, into: Floats) -> None:
    normalise_and_quantise(x, rows, layers.before, layer, room.row, room.narrow)
    multiply(room.narrow, rows, layers.widen, layer, room.widened, 0.0, False)
    normalise_and_quantise(room.widened, rows, layers.middle, layer, room.row, room.wide)
    multiply(room.wide, rows, layers.narrow, layer, into, UNBOUNDED, False)


@compiled
def _look_at_tokens(
    layer: int, starts: Indices, memory: Floats, look_backs: LookBacks, blocks: _Blocks, room: _Room
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
                room.sequence[first + token, index] = remembered[token, index]
        for token in range(begin, end):
            normalise_row(
                room.context[token], blocks.norm2, layer, room.sequence[first + earlier + token - begin]
            )
        add_convolved(
            room.sequence, first, first + earlier + end - begin, 0, first + earlier, earlier, kernel,
            room.hidden, begin, end - begin,
        )  # fmt: skip
        if look_backs.kept[stream] > 0:
            for token in range(earlier):
                for index in range(remembered.shape[1]):
                    remembered[token, index] = room.sequence[first + end - begin + token, index]


def _step(
    x: Floats,
    starts: Indices,
    encoded: Floats,
    frame_starts: Indices,
    memory: Floats,
    look_backs: LookBacks,
    blocks: _Blocks,
    room: _Room,
    vocabulary: int,
) -> NDArray[np.int64]:
    tokens, width = x.shape
    frames = Frames(room.shown, frame_starts, 0)
    for token in range(tokens):
        for index in range(width):
            room.hidden[token, index] = x[token, index]
    quantise(encoded, len(encoded), room.encoded)
    for layer in range(len(blocks.memory)):
        _feed_forward(room.hidden, tokens, blocks.feed_forwards, layer, room, room.context)
        _look_at_tokens(layer, starts, memory, look_backs, blocks, room)
        multiply(room.encoded, len(encoded), blocks.show, layer, room.shown, UNBOUNDED, False)
        normalise_and_quantise(room.hidden, tokens, blocks.norm3, layer, room.row, room.narrow)
        multiply(room.narrow, tokens, blocks.ask, layer, room.asking, UNBOUNDED, False)
        attend(layer, blocks.heads, room.asking, starts, frames, look_backs, room.attention, room.context)
        quantise(room.context, tokens, room.narrow)
        multiply(room.narrow, tokens, blocks.attended, layer, room.hidden, UNBOUNDED, True)
    for layer in range(len(blocks.last.widen.begins)):
        _feed_forward(room.hidden, tokens, blocks.last, layer, room, room.hidden)
    for token in range(tokens):
        normalise_row(room.hidden[token], blocks.after, 0, room.row)
        quantise_row(room.row, width, room.narrow, token)
    multiply(room.narrow, tokens, blocks.output, 0, room.scores, UNBOUNDED, False)
    ids = np.empty(tokens, np.int64)
    for token in range(tokens):
        ids[token] = np.argmax(room.scores[token, :vocabulary])
    return ids
