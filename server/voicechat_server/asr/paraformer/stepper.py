"""The batched stepper: chunks of audio in, tokens out."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack

import torch

from voicechat_common.protocol.speech import ChunkSize
from voicechat_server.asr.paraformer.group import ChunkSizeGroup
from voicechat_server.asr.paraformer.groups import Groups
from voicechat_server.asr.paraformer.network import Network
from voicechat_server.asr.paraformer.positions import PositionTable
from voicechat_server.asr.paraformer.state import Chunk, SegmentState, Token


class ParaformerStepper:
    """Steps many segments through one model.

    Any number of threads may step batches at the same time, each segment in one of them.

    Args:
        network: The model; other steppers may share it.
        encoder_look_back: Earlier chunks each encoder block attends to; -1 for all of the segment.
        decoder_look_back: Earlier chunks each decoder block attends to; like FunASR, none for -1.
    """

    def __init__(self, network: Network, *, encoder_look_back: int, decoder_look_back: int) -> None:
        self._network = network
        self._encoder_look_back = encoder_look_back
        self._decoder_look_back = decoder_look_back
        self._positions = PositionTable(network.position_encoder, network.features.width, network.device)
        self._groups = Groups(self._new_group)

    @torch.inference_mode()
    def open(self, chunk_size: ChunkSize) -> SegmentState:
        """Return the state of a new segment; give it back with `close`, or end it with a final chunk."""
        with ExitStack() as failing:
            group = self._groups.enter(chunk_size)
            failing.callback(self._groups.leave, chunk_size)
            state = group.open()
            failing.pop_all()
        return state

    def state_bytes(self, chunk_size: ChunkSize) -> int:
        """Bytes that the state of one segment takes."""
        return self._new_group(chunk_size).state_bytes

    def close(self, state: SegmentState) -> None:
        """Give up a segment, in the middle or after its end."""
        if not state.is_spent:
            self._groups[state.chunk_size].close(state)
            self._groups.leave(state.chunk_size)

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
            if ended := sum(chunks[index].is_final for index in indices):
                self._groups.leave(size, ended)
        return tokens

    def _new_group(self, chunk_size: ChunkSize) -> ChunkSizeGroup:
        return ChunkSizeGroup(
            self._network,
            chunk_size,
            self._positions,
            encoder_look_back=self._encoder_look_back,
            decoder_look_back=self._decoder_look_back,
        )
