"""The model in the form in which all threads that step it share it."""

from typing import cast

from voicechat_server.asr.models import LoadedModel
from voicechat_server.asr.paraformer.decoder import DecoderStepper
from voicechat_server.asr.paraformer.encoder import EncoderStepper
from voicechat_server.asr.paraformer.modules import PositionEncoder, Predictor


class Network:
    """The parts of a model that stepping uses. They are only read.

    Args:
        loaded: The model, in the precision it is to compute with.
    """

    def __init__(self, loaded: LoadedModel) -> None:
        model = loaded.model
        self.frontend = loaded.frontend
        self.tokens = loaded.tokens
        self.device = next(model.parameters()).device
        self.position_encoder = cast("PositionEncoder", model.get_submodule("encoder.embed"))
        self.encoder = EncoderStepper(model.get_submodule("encoder"))
        self.predictor = cast("Predictor", model.get_submodule("predictor"))
        self.decoder = DecoderStepper(model.get_submodule("decoder"))
