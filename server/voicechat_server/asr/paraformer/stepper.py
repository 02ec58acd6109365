"""The batched stepper: chunks of audio in, tokens out."""

from collections import defaultdict
from collections.abc import Sequence
from threading import Lock

import torch

from voicechat_common.protocol.speech import ChunkSize
from voicechat_server.asr.paraformer.group import ChunkSizeGroup
from voicechat_server.asr.paraformer.network import Network
from voicechat_server.asr.paraformer.state import Chunk, SegmentState, Token


class ParaformerStepper:
    """Steps many segments through one model.

    Any number of threads may step batches at the same time, each segment in one of them.

    Args:
        network: The model; other steppers may share it.
        encoder_look_back: Earlier chunks each encoder block attends to; -1 for all of the segment.
        decoder_look_back: Earlier chunks each decoder block attends to.
    """

    def __init__(self, network: Network, *, encoder_look_back: int, decoder_look_back: int) -> None:
        self._network = network
        self._encoder_look_back = encoder_look_back
        self._decoder_look_back = decoder_look_back
        self._groups: dict[ChunkSize, ChunkSizeGroup] = {}
        self._grouping = Lock()

    @torch.inference_mode()
    def open(self, chunk_size: ChunkSize) -> SegmentState:
        """Return the state of a new segment; give it back with `close`, or end it with a final chunk."""
        return self._group(chunk_size).open()

    def state_bytes(self, chunk_size: ChunkSize) -> int:
        """Bytes that the state of one segment takes."""
        return self._group(chunk_size).state_bytes

    def close(self, state: SegmentState) -> None:
        """Give up a segment in the middle."""
        self._groups[state.chunk_size].close(state)

    @torch.inference_mode()
    def step(self, chunks: Sequence[Chunk]) -> list[list[Token]]:
        """Return the tokens that each chunk's segment gained, in the order of `chunks`."""
        by_size: dict[ChunkSize, list[int]] = defaultdict(list)
        for index, chunk in enumerate(chunks):
            by_size[chunk.state.chunk_size].append(index)
        tokens: list[list[Token]] = [[] for _ in chunks]
        for size, indices in by_size.items():
            group = self._groups[size]
            for index, row in zip(indices, group.step([chunks[i] for i in indices]), strict=True):
                tokens[index] = row
        return tokens

    def _group(self, chunk_size: ChunkSize) -> ChunkSizeGroup:
        with self._grouping:
            if chunk_size not in self._groups:
                self._groups[chunk_size] = ChunkSizeGroup(
                    self._network,
                    chunk_size,
                    encoder_look_back=self._encoder_look_back,
                    decoder_look_back=self._decoder_look_back,
                )
            return self._groups[chunk_size]
