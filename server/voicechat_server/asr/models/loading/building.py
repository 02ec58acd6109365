"""FunASR's classes, built from a model's description and filled with its weights."""

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.config import FRAME_SAMPLES
from voicechat_server.asr.models.directory.description import PARTS, section_of
from voicechat_server.asr.models.directory.files import CMVN, CONFIG, WEIGHTS
from voicechat_server.asr.models.directory.weights import read_weights
from voicechat_server.asr.models.loading.funasr_parts import registered
from voicechat_server.asr.models.loading.loaded import Frontend

BUILD_ERRORS = (
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    RuntimeError,
)
"""What FunASR's constructors raise for settings they can't use."""


def build_frontend(config: dict[str, object], path: Path) -> Frontend:
    """Return FunASR's feature extraction, tried once so that a missing library shows now.

    Raises:
        VoicechatError: `missing_dependency` or `model_unsupported`.
    """
    build = registered("frontend_classes", PARTS["frontend"])
    settings = section_of(config, "frontend_conf") | {"cmvn_file": str(path / CMVN), "dither": 0.0}
    try:
        frontend = cast("Frontend", build(**settings))
        silence = torch.zeros(1, 2 * FRAME_SAMPLES)
        frontend(silence, torch.tensor([silence.shape[1]]), cache={}, is_final=True)
    except ImportError as error:
        raise VoicechatError(
            ErrorCode.MISSING_DEPENDENCY,
            "FunASR has no library to compute features with.",
            "Install one with `pip install kaldi-native-fbank`.",
        ) from error
    except BUILD_ERRORS as error:
        raise _unbuildable(path, error) from error
    return frontend


def build_model(config: dict[str, object], path: Path, *, features: int, vocabulary: int) -> nn.Module:
    """Return FunASR's model with the weights of `path`, in evaluation mode, in fp32 on the CPU.

    Raises:
        VoicechatError: `model_unsupported`, `model_corrupt` or `missing_dependency`.
    """
    build = registered("model_classes", PARTS["model"])
    sizes = {"input_size": features, "vocab_size": vocabulary}
    try:
        model = cast("nn.Module", build(**section_of(config, "model_conf") | config | sizes))
    except BUILD_ERRORS as error:
        raise _unbuildable(path, error) from error
    model.load_state_dict(_fitting(model.state_dict(), read_weights(path), path), strict=True)
    return model.eval()


def _fitting(wanted: dict[str, Tensor], weights: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Return the tensors of a model; what training kept beside them, such as a CTC head, is left out."""
    unfit = [name for name in wanted if name not in weights or weights[name].shape != wanted[name].shape]
    if unfit:
        raise VoicechatError(
            ErrorCode.MODEL_CORRUPT,
            f"{CONFIG} and {WEIGHTS} in {path} don't fit: {len(unfit)} of {len(wanted)} tensors are "
            f"missing or of another shape, the first {unfit[0]}.",
            "Take both files from the same model.",
        )
    return {name: weights[name] for name in wanted}


def _unbuildable(path: Path, error: Exception) -> VoicechatError:
    reason = f"{type(error).__name__}: {error}".partition("\n")[0].rstrip(". ")
    return VoicechatError(
        ErrorCode.MODEL_UNSUPPORTED,
        f"FunASR can't build the model that {path / CONFIG} describes: {reason}.",
        "Use the config.yaml that was published with the model.",
    )
