"""The step of a batch of segments that share a chunk size, and so the shapes of their state."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from voicechat_common.protocol.speech import ChunkSize
from voicechat_server.asr.config import FRAME_SAMPLES
from voicechat_server.asr.paraformer.cif import CifStepper, Fired
from voicechat_server.asr.paraformer.network import Network
from voicechat_server.asr.paraformer.pool import StatePool
from voicechat_server.asr.paraformer.positions import PositionTable
from voicechat_server.asr.paraformer.rows import Rows
from voicechat_server.asr.paraformer.state import Chunk, SegmentState, Token

_SPECIAL_TOKENS = frozenset({"<blank>", "<s>", "</s>"})


class ChunkSizeGroup:
    """Segments of one chunk size.

    Args:
        network: The model.
        chunk_size: `[left, step, look-ahead]` in frames.
        positions: Positional encodings of the features.
        encoder_look_back: Earlier chunks each encoder block attends to; -1 for all of the segment.
        decoder_look_back: Earlier chunks each decoder block attends to; like FunASR, none for -1.
    """

    def __init__(
        self,
        network: Network,
        chunk_size: ChunkSize,
        positions: PositionTable,
        *,
        encoder_look_back: int,
        decoder_look_back: int,
    ) -> None:
        self._features = network.features
        self._tokens = network.tokens
        left, step, ahead = chunk_size
        self._overlap = left + ahead
        self._device = network.device
        self._encoder = network.encoder
        self._cif = CifStepper(network.predictor, current=slice(left, left + step))
        self._decoder = network.decoder
        self._positions = positions
        self._pool = StatePool(
            chunk_size,
            features=network.features.width,
            width=self._encoder.width,
            fsmn=self._decoder.memory(segments=0),
            encoder_look_back=self._encoder.look_back(encoder_look_back, step),
            decoder_look_back=self._decoder.look_back(decoder_look_back, step),
            device=self._device,
        )
        self._encoder_kept = left + step
        self._decoder_kept = left + step + ahead

    @property
    def state_bytes(self) -> int:
        """Bytes that one segment's state takes."""
        return self._pool.row_bytes

    def open(self) -> SegmentState:
        """Return the state of a new segment."""
        return self._pool.take()

    def close(self, state: SegmentState) -> None:
        """Take a segment's state back."""
        self._pool.give_back(state)

    def step(self, chunks: Sequence[Chunk]) -> list[list[Token]]:
        """Return the tokens each chunk's segment gained; the state of final ones is given back."""
        states = [chunk.state for chunk in chunks]
        self._pool.reserve(
            encoder_frames=max(state.encoder_frames for state in states) + self._encoder_kept,
            decoder_frames=max(state.decoder_frames for state in states) + self._decoder_kept,
        )
        with self._pool.lock.read():
            tokens = self._step(chunks)
        for chunk in chunks:
            chunk.state.encoder_frames += self._encoder_kept
            if chunk.is_final:
                self._pool.give_back(chunk.state)
        return tokens

    def _step(self, chunks: Sequence[Chunk]) -> list[list[Token]]:
        x, rows = self._input(chunks)
        pool = self._pool
        encoded = self._encoder.step(x, rows, pool.encoder_look_back, self._encoder_kept)
        fired = self._cif.step(encoded, rows, pool.cif_hidden, pool.cif_alpha)
        ids = self._decode(fired, encoded, rows)
        return [self._tokens_of(row, chunk, fired, ids, rows) for row, chunk in enumerate(chunks)]

    def _input(self, chunks: Sequence[Chunk]) -> tuple[Tensor, Rows]:
        """Features of all chunks with overlap and positions, padded: [rows, frames, features]."""
        new = iter(self._features.extract([chunk for chunk in chunks if not _is_spent(chunk)]))
        inputs = [
            self._overlap_of(chunk) if _is_spent(chunk) else self._frames(chunk, next(new))
            for chunk in chunks
        ]
        lengths = torch.tensor([len(frames) for frames in inputs], device=self._device)
        rows = Rows(
            states=[chunk.state for chunk in chunks],
            slots=torch.tensor([chunk.state.slot for chunk in chunks], device=self._device),
            final=torch.tensor([chunk.is_final for chunk in chunks], device=self._device),
            lengths=lengths,
        )
        return pad_sequence(inputs, batch_first=True), rows

    def _overlap_of(self, chunk: Chunk) -> Tensor:
        """The overlap alone. FunASR scales it a second time in this case; so do we, for the same tokens."""
        alone: Tensor = self._pool.overlap[chunk.state.slot] * self._encoder.width**0.5
        return alone

    def _frames(self, chunk: Chunk, new: Tensor) -> Tensor:
        """The overlap and the new frames, with their positions; the last ones are the next overlap."""
        state, overlap = chunk.state, self._pool.overlap
        scaled = new.to(self._device) * self._encoder.width**0.5
        frames = torch.cat((overlap[state.slot], scaled + self._positions.at(state.frames, len(new))))
        state.frames += len(new)
        overlap[state.slot] = frames[len(frames) - self._overlap :]
        return frames

    def _decode(self, fired: Fired, encoded: Tensor, rows: Rows) -> Tensor:
        """Token ids of all rows, [rows, most tokens]; only rows that fired are run."""
        ids = torch.zeros(fired.embeddings.shape[:2], dtype=torch.long, device=self._device)
        indices = fired.counts.nonzero()[:, 0]
        if len(indices):
            batch = rows.select(indices)
            ids[indices] = self._decoder.step(
                fired.embeddings[indices],
                fired.counts[indices],
                encoded[indices],
                batch,
                self._pool.fsmn,
                self._pool.decoder_look_back,
            )
            for state in batch.states:
                state.decoder_frames += self._decoder_kept
        return ids

    def _tokens_of(self, row: int, chunk: Chunk, fired: Fired, ids: Tensor, rows: Rows) -> list[Token]:
        state, count = chunk.state, int(fired.counts[row])
        last = int(rows.lengths[row]) - 1
        first = state.frames - last - 1
        # CIF's first frame is what the chunk before left over, its last one the tail.
        frames = [
            state.middle if middle == 0 else max(0, first + min(middle - 1, last))
            for middle in fired.middles[row, : count + 1].tolist()
        ]
        state.middle = frames.pop()
        texts = [self._tokens[index] for index in ids[row, :count].tolist()]
        return [
            Token(text, frame)
            for text, frame in zip(texts, frames, strict=True)
            if text not in _SPECIAL_TOKENS
        ]


def _is_spent(chunk: Chunk) -> bool:
    """Whether a segment ends with less audio than makes a frame."""
    return chunk.is_final and len(chunk.samples) < FRAME_SAMPLES
