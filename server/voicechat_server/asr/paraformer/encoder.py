"""One chunk of many streams through FunASR's SANM encoder blocks."""

import torch
from torch import Tensor, nn

from voicechat_server.asr.paraformer.attention import attend, depthwise, look_back_of
from voicechat_server.asr.paraformer.graph import Graph
from voicechat_server.asr.paraformer.lookback import FrameLookBack, LookBackStep
from voicechat_server.asr.paraformer.modules import SelfAttention, encoder_blocks, map_of
from voicechat_server.asr.paraformer.rows import Rows, example_rows


class EncoderStepper:
    """A `steppers.Encoder` in the operations of FunASR's own modules, recorded once."""

    def __init__(self, encoder: nn.Module) -> None:
        self._blocks = encoder_blocks(encoder)
        self._numbers = encoder.get_parameter("after_norm.weight")
        self.width = self._blocks[-1].size
        self._graph = Graph(_EncoderGraph(encoder), self._example())

    def look_back(self, chunks: int, step: int) -> FrameLookBack:
        """See `steppers.Encoder`."""
        return look_back_of([block.self_attn for block in self._blocks], chunks, step, self._numbers)

    def step(self, x: Tensor, rows: Rows, look_back: FrameLookBack, kept: int) -> Tensor:
        """See `steppers.Encoder`."""
        return self._graph(*self._inputs(x, rows, look_back, kept))

    def _inputs(self, x: Tensor, rows: Rows, look_back: FrameLookBack, kept: int) -> tuple[Tensor, ...]:
        written = [state.encoder_frames for state in rows.states]
        earlier = look_back.begin(rows, written, kept, x.shape[1])
        return x.to(self._numbers.dtype), rows.padding(x.shape[1]), *earlier

    def _example(self) -> tuple[Tensor, ...]:
        look_back = self.look_back(chunks=2, step=2)
        look_back.clear_all(2)
        x = self._numbers.new_zeros(2, 3, self._blocks[0].in_size)
        return self._inputs(x, example_rows(2, frames=3, device=x.device), look_back, kept=2)


class _EncoderGraph(nn.Module):
    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self._blocks = encoder_blocks(encoder)
        self._after_norm = map_of(encoder, "after_norm")

    def forward(self, x: Tensor, padding: Tensor, *look_back: Tensor) -> Tensor:
        earlier = LookBackStep(*look_back)
        for layer, block in enumerate(self._blocks):
            attention = block.self_attn
            width = attention.h * attention.d_k
            projected = attention.linear_q_k_v(block.norm1(x))
            query, own = projected[..., :width], projected[..., width:]
            key_value = earlier.extend(layer, own)
            h = attention.linear_out(attend(query, key_value, earlier.valid, attention.h))
            h = h + _fsmn(attention, own[..., width:], padding)
            x = x + h if block.in_size == block.size else h
            x = x + block.feed_forward(block.norm2(x))
        encoded: Tensor = self._after_norm(x).to(torch.float32)
        return encoded.masked_fill(padding[:, :, None], 0.0)


def _fsmn(attention: SelfAttention, value: Tensor, padding: Tensor) -> Tensor:
    """The feed-forward sequential memory of one attention layer: a depthwise convolution plus its input."""
    value = value.masked_fill(padding[:, :, None], 0.0)
    convolution = attention.fsmn_block
    return depthwise(value, convolution, padding=convolution.kernel_size[0] // 2) + value
