"""A model's `config.yaml`: read as FunASR reads it, refused if this server can't run what it describes."""

from collections.abc import Iterator
from pathlib import Path

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.config import FRAME_SAMPLES, SAMPLE_RATE
from voicechat_server.asr.models.directory.files import CONFIG

PARTS = {
    "model": "ParaformerStreaming",
    "encoder": "SANMEncoderChunkOpt",
    "predictor": "CifPredictorV2",
    "decoder": "ParaformerSANMDecoder",
    "frontend": "WavFrontendOnline",
}
SECTIONS = ("model_conf", "encoder_conf", "predictor_conf", "decoder_conf", "frontend_conf")


def read_description(path: Path) -> dict[str, object]:
    """Return the parsed `config.yaml` of a model directory.

    Raises:
        VoicechatError: `model_corrupt`: it is not a YAML mapping. `model_unsupported`: it describes another
            kind of model.
    """
    # FunASR reads its files with OmegaConf, whose YAML takes 1e-5 for a number and knows ${references}.
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    try:
        written = OmegaConf.load(path / CONFIG)
        # A resolver would read this machine's environment for whoever wrote the model.
        if any(map(_calls_a_resolver, _texts(OmegaConf.to_container(written, resolve=False)))):
            raise _unsupported(path, "it has a ${resolver:…}, and none is run")
        content = OmegaConf.to_container(written, resolve=True)
    except (OSError, ValueError, YAMLError, OmegaConfBaseException) as error:
        raise _corrupt(path, str(error).splitlines()[0]) from error
    if not isinstance(content, dict):
        raise _corrupt(path, "it is not a mapping")
    description = {str(key): value for key, value in content.items()}
    for part, wanted in PARTS.items():
        if description.get(part) != wanted:
            raise _unsupported(
                path, f"its {part} is {description.get(part)!r}, and only {wanted} is supported"
            )
    for section in SECTIONS:
        if not isinstance(description.get(section), dict):
            raise _corrupt(path, f"{section} is missing")
    _check_frames(path, section_of(description, "frontend_conf"))
    return description


def section_of(description: dict[str, object], name: str) -> dict[str, object]:
    """Return a section of a description that `read_description` has accepted."""
    section = description[name]
    return {str(key): value for key, value in section.items()} if isinstance(section, dict) else {}


def feature_size(description: dict[str, object]) -> int:
    """Return how many features a frame has: mel bins times stacked shifts."""
    frontend = section_of(description, "frontend_conf")
    return _whole(frontend, "n_mels") * _whole(frontend, "lfr_m")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _calls_a_resolver(text: str) -> bool:
    """Whether a text has `${oc.env:HOME}` or the like; plain references have no colon."""
    return ":" in text.partition("${")[2]


def _check_frames(path: Path, frontend: dict[str, object]) -> None:
    rate = _whole(frontend, "fs")
    frame = rate * _whole(frontend, "frame_shift") * _whole(frontend, "lfr_n") // 1000
    if rate != SAMPLE_RATE or frame != FRAME_SAMPLES:
        raise _unsupported(
            path,
            f"its frames have {frame} samples at {rate} Hz, and not {FRAME_SAMPLES} at {SAMPLE_RATE} Hz",
        )


_FRONTEND_DEFAULTS = {"fs": 16_000, "n_mels": 80, "frame_shift": 10, "lfr_m": 1, "lfr_n": 1}
"""FunASR's front end uses these where `config.yaml` gives no number."""


def _whole(frontend: dict[str, object], name: str) -> int:
    value = frontend.get(name, _FRONTEND_DEFAULTS[name])
    return value if isinstance(value, int) else 0


def _corrupt(path: Path, reason: str) -> VoicechatError:
    return VoicechatError(
        ErrorCode.MODEL_CORRUPT,
        f"{path / CONFIG} can't be read: {reason}.",
        "Copy or download the model again.",
    )


def _unsupported(path: Path, reason: str) -> VoicechatError:
    return VoicechatError(
        ErrorCode.MODEL_UNSUPPORTED,
        f"{path / CONFIG} describes a model this server can't run: {reason}.",
        "Use a FunASR ParaformerStreaming model, such as paraformer-zh-streaming or demo.",
    )
