"""Where the kernels run, and for which models."""

from typing import cast

from llvmlite import binding
from torch import nn

from voicechat_server.asr.paraformer.kernels.tiles import COLUMNS
from voicechat_server.asr.paraformer.modules import decoder_blocks, encoder_blocks


def can_run_here() -> bool:
    """Whether this processor has the instructions of the kernels."""
    has = binding.get_host_cpu_features()
    return bool(has.get("avx2") and has.get("fma"))


def are_faster_here() -> bool:
    """Whether the kernels are the faster way: with VNNI, PyTorch's own maps are."""
    has = binding.get_host_cpu_features()
    return can_run_here() and not (has.get("avx512vnni") or has.get("avxvnni"))


def fit(encoder: nn.Module, decoder: nn.Module) -> bool:
    """Whether the sizes of a model are multiples of a tile's, and its layers those that the kernels know."""
    blocks = encoder_blocks(encoder)
    token_blocks = decoder_blocks(decoder, "decoders")
    feed_forwards = [
        *(block.feed_forward for block in blocks),
        *(block.feed_forward for block in token_blocks),
        *(block.feed_forward for block in decoder_blocks(decoder, "decoders3")),
    ]
    sizes = [
        *(block.self_attn.d_k for block in blocks),
        *(block.src_attn.d_k for block in token_blocks),
        *(cast("nn.Linear", layer.w_1).out_features for layer in feed_forwards),
    ]
    return all(size % COLUMNS == 0 for size in sizes) and all(
        isinstance(layer.activation, nn.ReLU) for layer in feed_forwards
    )
