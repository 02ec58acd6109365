"""One chunk of many streams through FunASR's SANM encoder blocks."""

from torch import Tensor, nn

from voicechat_server.asr.paraformer.attention import attend, look_back_of
from voicechat_server.asr.paraformer.convolution import depthwise
from voicechat_server.asr.paraformer.lookback import LookBack
from voicechat_server.asr.paraformer.modules import SelfAttention, encoder_blocks, map_of
from voicechat_server.asr.paraformer.rows import Rows


class EncoderStepper:
    """Steps all encoder blocks, as `SANMEncoderChunkOpt.forward_chunk` does for one stream.

    Attributes:
        width: Width of the encoder's output.
    """

    def __init__(self, encoder: nn.Module) -> None:
        self._blocks = encoder_blocks(encoder)
        self._numbers = encoder.get_parameter("after_norm.weight")
        self._after_norm = map_of(encoder, "after_norm")
        self.width = self._blocks[-1].size

    def look_back(self, chunks: int, step: int) -> LookBack | None:
        """Return room for that many earlier chunks of `step` frames; -1 keeps all of a segment."""
        return look_back_of([block.self_attn for block in self._blocks], chunks, step, self._numbers)

    def step(self, x: Tensor, rows: Rows, look_back: LookBack | None, kept: int) -> Tensor:
        """Encode one chunk of every row.

        Args:
            x: Features with overlap and positions, padded, [rows, frames, features].
            rows: The rows of the batch.
            look_back: Earlier keys and values; None without look-back.
            kept: Leading frames of a chunk that go to the look-back; the rest is look-ahead.

        Returns:
            [rows, frames, width] in fp32; zero where padded.
        """
        padding = invalid = rows.padding(x.shape[1])
        earlier = None
        if look_back is not None:
            written = [state.encoder_frames for state in rows.states]
            earlier = look_back.begin(rows, written, kept, x.shape[1])
            invalid = earlier.invalid
        x = x.to(self._numbers.dtype)
        for layer, block in enumerate(self._blocks):
            attention = block.self_attn
            projected = attention.linear_q_k_v(block.norm1(x))
            width = projected.shape[-1] // 3
            query, own = projected[..., :width], projected[..., width:]
            memory = own if earlier is None else earlier.extend(layer, own)
            h = attention.linear_out(attend(query, memory, invalid, attention.h))
            h += _fsmn(attention, own[..., width:], padding)
            x = x + h if block.in_size == block.size else h
            x = x + block.feed_forward(block.norm2(x))
        encoded = self._after_norm(x).float()
        return encoded if padding is None else encoded.masked_fill(padding[:, :, None], 0.0)


def _fsmn(attention: SelfAttention, value: Tensor, padding: Tensor | None) -> Tensor:
    """The feed-forward sequential memory of one attention layer: a depthwise convolution plus its input."""
    if padding is not None:
        value = value.masked_fill(padding[:, :, None], 0.0)
    weight = attention.fsmn_block.weight
    return depthwise(value, weight, padding=weight.shape[2] // 2) + value
