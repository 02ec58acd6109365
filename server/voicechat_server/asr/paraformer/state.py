"""What one segment of one stream carries from chunk to chunk."""

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voicechat_common.protocol.speech import ChunkSize


@dataclass
class SegmentState:
    """The recognition state of one segment; belongs to one stepper and is used by one thread.

    Attributes:
        chunk_size: `[left, step, look-ahead]` in frames.
        slot: Row of the look-back tensors that belongs to the segment.
        frontend: FunASR's feature-extraction cache.
        frames: New frames stepped so far: the offset of the next positional encoding.
        encoder_frames: Frames written to the encoder's look-back.
        decoder_frames: Frames written to the decoder's look-back.
    """

    chunk_size: ChunkSize
    slot: int
    frontend: dict[str, object] = field(default_factory=dict)
    frames: int = 0
    encoder_frames: int = 0
    decoder_frames: int = 0


@dataclass(frozen=True)
class Chunk:
    """Audio due for one segment.

    Attributes:
        state: The segment it belongs to; at most one chunk of a segment may be in a batch.
        samples: float32 in [-1, 1] at 16 kHz: exactly one step, or fewer when final.
        is_final: Whether the segment ends here; its state is spent afterwards.
    """

    state: SegmentState
    samples: NDArray[np.float32]
    is_final: bool = False


@dataclass(frozen=True)
class Token:
    """One decoded token.

    Attributes:
        text: A character, or a word piece that ends in `@@` when the word goes on.
        frame: The 60 ms frame of the segment in which CIF fired for it.
    """

    text: str
    frame: int


@dataclass(frozen=True)
class Rows:
    """The rows of a batch.

    Attributes:
        states: The segment of each row.
        slots: Its row in the state tensors, [rows].
        final: Whether the segment ends with this chunk, [rows].
        lengths: Valid frames, overlap included, [rows].
    """

    states: list[SegmentState]
    slots: Tensor
    final: Tensor
    lengths: Tensor

    @property
    def going_on(self) -> Tensor:
        """Indices of the rows whose segment has more chunks to come."""
        return (~self.final).nonzero()[:, 0]

    def padding(self, frames: int) -> Tensor | None:
        """Which of `frames` frames are padding, [rows, frames]; None where none is."""
        if int(self.lengths.min()) == frames:
            return None
        return torch.arange(frames, device=self.lengths.device)[None, :] >= self.lengths[:, None]

    def select(self, indices: Tensor) -> "Rows":
        """Return some of the rows as a batch of their own; frames stay padded as they are."""
        return Rows(
            states=[self.states[index] for index in indices.tolist()],
            slots=self.slots[indices],
            final=self.final[indices],
            lengths=self.lengths[indices],
        )
