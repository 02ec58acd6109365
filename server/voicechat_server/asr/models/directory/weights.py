"""The tensors of `model.pt`, read without running anything that a pickle may hold."""

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.models.directory.files import WEIGHTS

VOCABULARY_WEIGHT = "decoder.output_layer.weight"
"""The tensor whose rows are the tokens."""

WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which training checkpoints keep the tensors, beside things that a recogniser doesn't need."""

PARALLEL_PREFIX = "module."
"""What data-parallel training puts before each name."""


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a model directory by name, on the CPU; read from disk when used.

    Raises:
        VoicechatError: `model_corrupt` or `model_unsupported`.
    """
    weights = path / WEIGHTS
    try:
        content: object = torch.load(weights, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        raise _unsupported(weights, "it holds more than tensors, which can't be loaded safely") from error
    except (RuntimeError, EOFError, LookupError, ValueError, OSError) as error:
        raise VoicechatError(
            ErrorCode.MODEL_CORRUPT,
            f"{weights} is damaged: PyTorch can't read it.",
            "Copy or download the model again.",
        ) from error
    for wrapper in WRAPPERS:
        if isinstance(content, Mapping) and wrapper in content:
            content = content[wrapper]
    if not isinstance(content, Mapping) or not all(isinstance(value, Tensor) for value in content.values()):
        raise _unsupported(weights, "it holds no named tensors")
    return {str(name).removeprefix(PARALLEL_PREFIX): value for name, value in content.items()}


def _unsupported(weights: Path, reason: str) -> VoicechatError:
    return VoicechatError(
        ErrorCode.MODEL_UNSUPPORTED,
        f"{weights} can't be used: {reason}.",
        "Save the state dict of the model alone, as FunASR's published models do.",
    )
