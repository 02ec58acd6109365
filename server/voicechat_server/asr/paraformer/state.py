"""What one segment of one stream carries from chunk to chunk."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from voicechat_common.protocol.speech import ChunkSize

if TYPE_CHECKING:  # torch takes seconds to import, and the server answers before that
    from torch import Tensor


@dataclass(eq=False)
class FeatureState:
    """What feature extraction carries from chunk to chunk.

    Attributes:
        samples: Audio from where the next window begins.
        frames: Log-mel frames that the next features share, [frames, bands]; None at the start of a segment.
    """

    samples: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    frames: "Tensor | None" = None


@dataclass(eq=False)
class SegmentState:
    """The recognition state of one segment, equal to itself only.

    It belongs to one stepper and is stepped by one thread at a time.

    Attributes:
        chunk_size: `[left, step, look-ahead]` in frames.
        slot: Row of the state tensors that belongs to the segment; -1 once it is given back.
        features: What feature extraction carries over.
        frames: New frames stepped so far: the offset of the next positional encoding.
        encoder_frames: Frames written to the encoder's look-back.
        decoder_frames: Frames written to the decoder's look-back.
        middle: Frame in which half of the weight had come that CIF carries over, if it is half a token's.
    """

    chunk_size: ChunkSize
    slot: int
    features: FeatureState = field(default_factory=FeatureState)
    frames: int = 0
    encoder_frames: int = 0
    decoder_frames: int = 0
    middle: int = 0

    @property
    def is_spent(self) -> bool:
        """Whether its row is given back."""
        return self.slot < 0


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
