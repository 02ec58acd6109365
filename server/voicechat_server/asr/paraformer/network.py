"""The model in the form in which all threads that step it share it."""

from pathlib import Path
from typing import Any, cast

from torch import nn

from voicechat_server.asr.models.loading.loaded import LoadedModel
from voicechat_server.asr.paraformer.decoder import DecoderStepper
from voicechat_server.asr.paraformer.encoder import EncoderStepper
from voicechat_server.asr.paraformer.features import FeatureExtractor
from voicechat_server.asr.paraformer.modules import PositionEncoder, Predictor
from voicechat_server.asr.paraformer.precision import Precision, convert
from voicechat_server.asr.paraformer.steppers import Decoder, Encoder

# Each takes the look-back that it has made, whose layout nobody else knows.
Steppers = tuple[Encoder[Any], Decoder[Any]]


class Network:
    """The parts of a model that stepping uses. They are only read.

    Args:
        loaded: The model in fp32. In another precision it is spent: load another one for another network.
        precision: The number format to compute with.
        kernel_cache: Directory where compiled kernels are kept for the next start; None to compile them anew.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        precision: Precision = Precision.FP32,
        kernel_cache: Path | None = None,
    ) -> None:
        model = loaded.model
        self.features = FeatureExtractor(loaded.frontend)
        self.tokens = loaded.tokens
        self.device = next(model.parameters()).device
        self.position_encoder = cast("PositionEncoder", model.get_submodule("encoder.embed"))
        self.predictor = cast("Predictor", model.get_submodule("predictor"))
        compiled = _kernels(model, kernel_cache) if precision is Precision.INT8 else None
        self.encoder, self.decoder = compiled or _recorded(model, precision)


def _kernels(model: nn.Module, cache: Path | None) -> Steppers | None:
    """Steppers compiled for this processor; None where PyTorch's own are as good."""
    from voicechat_server.asr.paraformer import kernels  # Numba takes a second to import

    encoder, decoder = model.get_submodule("encoder"), model.get_submodule("decoder")
    if not kernels.are_faster_here() or not kernels.fit(encoder, decoder):
        return None
    return kernels.EncoderKernel(encoder, cache), kernels.DecoderKernel(decoder, cache)


def _recorded(model: nn.Module, precision: Precision) -> Steppers:
    convert(model, precision)
    return EncoderStepper(model.get_submodule("encoder")), DecoderStepper(model.get_submodule("decoder"))
