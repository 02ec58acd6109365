"""What a network's two stacks of layers do, however they are computed.

PyTorch's operations, recorded (`encoder`, `decoder`), and the kernels compiled for this processor (`kernels`)
both do it, each with a look-back of its own layout.
"""

from typing import Protocol, TypeVar

from torch import Tensor

from voicechat_server.asr.paraformer.lookback import LookBack
from voicechat_server.asr.paraformer.rows import Rows

AnyLookBack = TypeVar("AnyLookBack", bound=LookBack)


class Encoder(Protocol[AnyLookBack]):
    """Steps all encoder blocks, as `SANMEncoderChunkOpt.forward_chunk` does for one stream.

    It keeps nothing of a step, so all streams and threads may share it.

    Attributes:
        width: Width of the encoder's output.
    """

    width: int

    def look_back(self, chunks: int, step: int) -> AnyLookBack:
        """Return a look-back of that many earlier chunks of `step` frames; -1 keeps all of a segment."""

    def step(self, x: Tensor, rows: Rows, look_back: AnyLookBack, kept: int) -> Tensor:
        """Encode one chunk of every row.

        Args:
            x: Features with overlap and positions, padded, [rows, frames, features].
            rows: The rows of the batch.
            look_back: Earlier keys and values; updated.
            kept: Leading frames of a chunk that go to the look-back; the rest is look-ahead.

        Returns:
            [rows, frames, width] in fp32; zero where padded.
        """


class Decoder(Protocol[AnyLookBack]):
    """Steps all decoder blocks, as `ParaformerSANMDecoder.forward_chunk` does for one stream.

    It keeps nothing of a step, so all streams and threads may share it.
    """

    def memory(self, segments: int) -> Tensor:
        """Return the convolution memory of new segments, [layers, segments, earlier tokens seen, width]."""

    def look_back(self, chunks: int, step: int) -> AnyLookBack:
        """Return a look-back of that many earlier chunks of `step` frames; like FunASR, none for -1."""

    def step(
        self, x: Tensor, counts: Tensor, encoded: Tensor, rows: Rows, fsmn: Tensor, look_back: AnyLookBack
    ) -> Tensor:
        """Decode the tokens of every row.

        Args:
            x: Acoustic embeddings, padded, [rows, tokens, width].
            counts: Tokens of each row, [rows].
            encoded: The encoder's output, [rows, frames, width].
            rows: The rows of the batch.
            fsmn: Convolution memory of all segments, [layers, segments, memory frames, width]; updated.
            look_back: Earlier keys and values of the encoder's output; updated.

        Returns:
            Token ids, padded, [rows, tokens].
        """
