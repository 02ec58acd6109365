"""The model in the form in which all threads that step it share it."""

from pathlib import Path
from typing import cast

from voicechat_server.asr.models import LoadedModel
from voicechat_server.asr.paraformer import kernels
from voicechat_server.asr.paraformer.decoder import DecoderStepper
from voicechat_server.asr.paraformer.encoder import EncoderStepper
from voicechat_server.asr.paraformer.modules import PositionEncoder, Predictor
from voicechat_server.asr.paraformer.precision import Precision, convert


class Network:
    """The parts of a model that stepping uses. They are only read.

    Args:
        loaded: The model in fp32; not to be used any more afterwards.
        precision: The number format to compute with.
        cache: Directory where compiled kernels are kept for the next start.
    """

    def __init__(self, loaded: LoadedModel, precision: Precision, cache: Path) -> None:
        model = loaded.model
        self.frontend = loaded.frontend
        self.tokens = loaded.tokens
        self.device = next(model.parameters()).device
        self.position_encoder = cast("PositionEncoder", model.get_submodule("encoder.embed"))
        self.predictor = cast("Predictor", model.get_submodule("predictor"))
        encoder, decoder = model.get_submodule("encoder"), model.get_submodule("decoder")
        self.encoder: EncoderStepper | kernels.EncoderKernel
        self.decoder: DecoderStepper | kernels.DecoderKernel
        if precision is Precision.INT8 and kernels.is_supported():
            self.encoder = kernels.EncoderKernel(encoder, cache)
            self.decoder = kernels.DecoderKernel(decoder, cache)
        else:
            convert(model, precision)
            self.encoder = EncoderStepper(encoder)
            self.decoder = DecoderStepper(decoder)
