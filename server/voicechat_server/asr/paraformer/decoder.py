"""The tokens that fired in one chunk of many streams through FunASR's Paraformer decoder."""

import torch
from torch import Tensor, nn

from voicechat_server.asr.paraformer.attention import attend, depthwise, look_back_of
from voicechat_server.asr.paraformer.graph import Graph
from voicechat_server.asr.paraformer.lookback import FrameLookBack, LookBackStep
from voicechat_server.asr.paraformer.modules import decoder_blocks, map_of
from voicechat_server.asr.paraformer.rows import Rows, example_rows


class DecoderStepper:
    """A `steppers.Decoder` in the operations of FunASR's own modules, recorded once."""

    def __init__(self, decoder: nn.Module) -> None:
        self._blocks = decoder_blocks(decoder, "decoders")
        self._numbers = decoder.get_parameter("after_norm.weight")
        self._graph = Graph(_DecoderGraph(decoder), self._example())

    def memory(self, segments: int) -> Tensor:
        """See `steppers.Decoder`."""
        frames = self._blocks[0].self_attn.kernel_size - 1
        return self._numbers.new_zeros(len(self._blocks), segments, frames, len(self._numbers))

    def look_back(self, chunks: int, step: int) -> FrameLookBack:
        """See `steppers.Decoder`."""
        return look_back_of([block.src_attn for block in self._blocks], max(chunks, 0), step, self._numbers)

    def step(
        self, x: Tensor, counts: Tensor, encoded: Tensor, rows: Rows, fsmn: Tensor, look_back: FrameLookBack
    ) -> Tensor:
        """See `steppers.Decoder`."""
        return self._graph(*self._inputs(x, counts, encoded, rows, fsmn, look_back))

    def _inputs(
        self, x: Tensor, counts: Tensor, encoded: Tensor, rows: Rows, fsmn: Tensor, look_back: FrameLookBack
    ) -> tuple[Tensor, ...]:
        frames = encoded.shape[1]
        written = [state.decoder_frames for state in rows.states]
        earlier = look_back.begin(rows, written, frames, frames)
        # After a row's last token its memory holds the tokens before the padding.
        recent = counts[earlier.keep, None] + torch.arange(fsmn.shape[2], device=x.device)[None, :]
        recent = recent[:, :, None].expand(-1, -1, fsmn.shape[3])
        return x.to(self._numbers.dtype), encoded.to(self._numbers.dtype), fsmn, recent, *earlier

    def _example(self) -> tuple[Tensor, ...]:
        look_back = self.look_back(chunks=2, step=2)
        look_back.clear_all(2)
        x = self._numbers.new_zeros(2, 3, len(self._numbers))
        rows = example_rows(2, frames=3, device=x.device)
        return self._inputs(x, rows.lengths, x, rows, self.memory(2), look_back)


class _DecoderGraph(nn.Module):
    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self._blocks = decoder_blocks(decoder, "decoders")
        self._feed_forward_blocks = decoder_blocks(decoder, "decoders3")
        self._after_norm = map_of(decoder, "after_norm")
        self._output = map_of(decoder, "output_layer")

    def forward(self, x: Tensor, encoded: Tensor, fsmn: Tensor, recent: Tensor, *look_back: Tensor) -> Tensor:
        earlier = LookBackStep(*look_back)
        going_on = earlier.slots.index_select(0, earlier.keep)
        for layer, block in enumerate(self._blocks):
            h = block.norm2(block.feed_forward(block.norm1(x)))
            sequence = torch.cat((fsmn[layer].index_select(0, earlier.slots), h), dim=1)
            x = x + depthwise(sequence, block.self_attn.fsmn_block, padding=0) + h
            fsmn[layer].index_copy_(0, going_on, sequence.index_select(0, earlier.keep).gather(1, recent))
            attention = block.src_attn
            key_value = earlier.extend(layer, attention.linear_k_v(encoded))
            query = attention.linear_q(block.norm3(x))
            x = x + attention.linear_out(attend(query, key_value, earlier.valid, attention.h))
        for block in self._feed_forward_blocks:
            x = block.feed_forward(block.norm1(x))
        return self._output(self._after_norm(x)).argmax(dim=-1)
