"""The tokens that fired in one chunk of many streams through FunASR's Paraformer decoder."""

import torch
from torch import Tensor, nn

from voicechat_server.asr.paraformer.attention import attend, look_back_of
from voicechat_server.asr.paraformer.convolution import depthwise
from voicechat_server.asr.paraformer.lookback import LookBack
from voicechat_server.asr.paraformer.modules import decoder_blocks, map_of
from voicechat_server.asr.paraformer.rows import Rows


class DecoderStepper:
    """Steps all decoder blocks, as `ParaformerSANMDecoder.forward_chunk` does for one stream."""

    def __init__(self, decoder: nn.Module) -> None:
        self._blocks = decoder_blocks(decoder, "decoders")
        self._feed_forward_blocks = decoder_blocks(decoder, "decoders3")
        self._numbers = decoder.get_parameter("after_norm.weight")
        self._after_norm = map_of(decoder, "after_norm")
        self._output = map_of(decoder, "output_layer")

    def memory(self, width: int) -> Tensor:
        """Return the convolution memory of no segment yet, [layers, 0, earlier tokens seen, width]."""
        return self._numbers.new_zeros(len(self._blocks), 0, self._memory_frames, width)

    @property
    def _memory_frames(self) -> int:
        return self._blocks[0].self_attn.kernel_size - 1

    def look_back(self, chunks: int, step: int) -> LookBack | None:
        """Return room for that many earlier chunks of `step` frames; like FunASR, none for -1."""
        return look_back_of([block.src_attn for block in self._blocks], max(chunks, 0), step, self._numbers)

    def step(
        self,
        x: Tensor,
        counts: Tensor,
        encoded: Tensor,
        rows: Rows,
        fsmn: Tensor,
        look_back: LookBack | None,
    ) -> Tensor:
        """Decode the tokens of every row.

        Args:
            x: Acoustic embeddings, padded, [rows, tokens, width].
            counts: Tokens of each row, [rows].
            encoded: The encoder's output, [rows, frames, width].
            rows: The rows of the batch.
            fsmn: Convolution memory of all segments, [layers, segments, memory frames, width]; updated.
            look_back: Earlier keys and values of the encoder's output; None without look-back.

        Returns:
            Token ids, padded, [rows, tokens].
        """
        frames = encoded.shape[1]
        invalid = rows.padding(frames)
        earlier = None
        if look_back is not None:
            written = [state.decoder_frames for state in rows.states]
            earlier = look_back.begin(rows, written, frames, frames)
            invalid = earlier.invalid
        keep = rows.going_on
        # After a row's last token its memory holds the tokens before the padding.
        recent = counts[keep, None] + torch.arange(self._memory_frames, device=x.device)[None, :]
        x, encoded = x.to(self._numbers.dtype), encoded.to(self._numbers.dtype)
        for layer, block in enumerate(self._blocks):
            h = block.norm2(block.feed_forward(block.norm1(x)))
            sequence = torch.cat((fsmn[layer].index_select(0, rows.slots), h), dim=1)
            x = x + depthwise(sequence, block.self_attn.fsmn_block.weight, padding=0) + h
            kept = sequence[keep].gather(1, recent[:, :, None].expand(-1, -1, sequence.shape[2]))
            fsmn[layer].index_copy_(0, rows.slots[keep], kept)
            attention = block.src_attn
            query, own = attention.linear_q(block.norm3(x)), attention.linear_k_v(encoded)
            memory = own if earlier is None else earlier.extend(layer, own)
            x = x + attention.linear_out(attend(query, memory, invalid, attention.h))
        for block in self._feed_forward_blocks:
            x = block.feed_forward(block.norm1(x))
        return self._output(self._after_norm(x)).argmax(dim=-1)
