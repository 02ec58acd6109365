"""The parts of FunASR's modules that stepping uses, as types."""

from collections.abc import Callable, Sequence
from typing import Protocol, cast

from torch import Tensor, nn

Map = Callable[[Tensor], Tensor]


class Attention(Protocol):
    """What every attention layer has."""

    h: int
    d_k: int
    linear_out: Map


class SelfAttention(Attention, Protocol):
    """`MultiHeadedAttentionSANM`."""

    linear_q_k_v: Map
    fsmn_block: nn.Conv1d


class CrossAttention(Attention, Protocol):
    """`MultiHeadedAttentionCrossAtt`."""

    linear_q: Map
    linear_k_v: Map


class TokenMemory(Protocol):
    """`MultiHeadedAttentionSANMDecoder`: a convolution over the tokens before."""

    fsmn_block: nn.Conv1d
    kernel_size: int


class FeedForward(Protocol):
    """`PositionwiseFeedForward`."""

    w_1: Map
    activation: nn.Module
    w_2: Map

    def __call__(self, x: Tensor) -> Tensor:
        """Map [..., width] to the same."""


class NormalisedFeedForward(FeedForward, Protocol):
    """`PositionwiseFeedForwardDecoderSANM`."""

    norm: Map


class EncoderBlock(Protocol):
    """`EncoderLayerSANM`."""

    in_size: int
    size: int
    norm1: Map
    norm2: Map
    self_attn: SelfAttention
    feed_forward: FeedForward


class DecoderBlock(Protocol):
    """`DecoderLayerSANM`; those of `decoders3` have `norm1` and `feed_forward` alone."""

    norm1: Map
    norm2: Map
    norm3: Map
    self_attn: TokenMemory
    src_attn: CrossAttention
    feed_forward: NormalisedFeedForward


class Predictor(Protocol):
    """`CifPredictorV2`."""

    threshold: float
    tail_threshold: float
    smooth_factor: float
    noise_threshold: float
    pad: Map
    cif_conv1d: Map
    cif_output: Map


class PositionEncoder(Protocol):
    """`StreamSinusoidalPositionEncoder`."""

    encode: Callable[..., Tensor]


def encoder_blocks(encoder: nn.Module) -> Sequence[EncoderBlock]:
    """The blocks of a `SANMEncoderChunkOpt`, in order: a `ModuleList`."""
    names = ("encoders0", "encoders")
    blocks = nn.ModuleList(block for name in names for block in encoder.get_submodule(name).children())
    return cast("Sequence[EncoderBlock]", blocks)


def decoder_blocks(decoder: nn.Module, name: str) -> Sequence[DecoderBlock]:
    """The blocks of one stack of a `ParaformerSANMDecoder`, in order: a `ModuleList`."""
    return cast("Sequence[DecoderBlock]", nn.ModuleList(decoder.get_submodule(name).children()))


def map_of(module: nn.Module, name: str) -> Map:
    """A submodule that maps one tensor to one."""
    return cast("Map", module.get_submodule(name))
