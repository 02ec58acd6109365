"""What one segment of one stream carries from chunk to chunk."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from voicechat_common.protocol.speech import ChunkSize


@dataclass
class SegmentState:
    """The recognition state of one segment; belongs to one stepper and is used by one thread.

    Attributes:
        chunk_size: `[left, step, look-ahead]` in frames.
        slot: Row of the state tensors that belongs to the segment; -1 once it is given back.
        frontend: FunASR's feature-extraction cache.
        frames: New frames stepped so far: the offset of the next positional encoding.
        encoder_frames: Frames written to the encoder's look-back.
        decoder_frames: Frames written to the decoder's look-back.
        middle: Frame in which half of the weight had come that CIF carries over, if it is half a token's.
    """

    chunk_size: ChunkSize
    slot: int
    frontend: dict[str, object] = field(default_factory=dict)
    frames: int = 0
    encoder_frames: int = 0
    decoder_frames: int = 0
    middle: int = 0


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
        frame: The 60 ms frame of the segment in the middle of which it was spoken.
    """

    text: str
    frame: int
