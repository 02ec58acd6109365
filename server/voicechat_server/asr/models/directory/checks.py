"""Whether a directory holds a model that can be loaded: everything short of building it."""

import json
import zipfile
from itertools import pairwise
from pathlib import Path

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.models.directory import manifest
from voicechat_server.asr.models.directory.description import feature_size, read_description
from voicechat_server.asr.models.directory.files import CMVN, CONFIG, REQUIRED, TOKENS, WEIGHTS


def quick_check(path: Path) -> None:
    """Check what takes no time: that a model directory and its files exist, and none is cut off.

    Raises:
        VoicechatError: `model_not_found`, `model_incomplete` or `model_corrupt`.
    """
    if not path.is_dir():
        raise VoicechatError(
            ErrorCode.MODEL_NOT_FOUND, f"There is no directory {path}.", "Give the path of a model directory."
        )
    missing = [name for name in REQUIRED if not (path / name).is_file()]
    if missing:
        raise VoicechatError(
            ErrorCode.MODEL_INCOMPLETE, f"The model in {path} lacks {', '.join(missing)}.", _renewal(path)
        )
    record = manifest.read(path)
    if record is not None and (damage := manifest.find_damage(path, record, sizes_only=True)):
        raise corrupt(path, damage)
    if not zipfile.is_zipfile(path / WEIGHTS):
        raise corrupt(path, f"{WEIGHTS} is cut off, or is not a PyTorch archive")


def verify(path: Path) -> None:
    """Check a model directory: its files, their checksums where they were downloaded, and that they fit.

    Reads every byte once; nothing of the files is executed.

    Raises:
        VoicechatError: `model_not_found`, `model_incomplete`, `model_corrupt`, `model_unsupported` or
            `missing_dependency`.
    """
    quick_check(path)
    record = manifest.read(path)
    if record is None:
        _check_archive(path)
    elif damage := manifest.find_damage(path, record):
        raise corrupt(path, damage)
    description = read_description(path)
    _check_cmvn(path, feature_size(description))
    _check_vocabulary(path)


def read_tokens(path: Path) -> list[str]:
    """Return the tokens of a model in the order of their ids.

    Raises:
        VoicechatError: `model_corrupt`.
    """
    try:
        tokens: object = json.loads((path / TOKENS).read_text(encoding="utf-8"))
    except ValueError as error:
        raise corrupt(path, f"{TOKENS} is not JSON ({error})") from error
    if not isinstance(tokens, list) or not tokens or not all(isinstance(token, str) for token in tokens):
        raise corrupt(path, f"{TOKENS} is not a list of texts")
    return tokens


def corrupt(path: Path, damage: str) -> VoicechatError:
    """Return the error of a model whose files are damaged."""
    return VoicechatError(
        ErrorCode.MODEL_CORRUPT, f"The model in {path} is damaged: {damage}.", _renewal(path)
    )


def _renewal(path: Path) -> str:
    if (path / manifest.MANIFEST).is_file():
        return "Fetch it again with `voicechat-server models download`."
    return "Copy the whole directory again, or use another model (--model demo needs no download)."


def _check_archive(path: Path) -> None:
    """Compare the weights with the checksums inside their own archive, which PyTorch doesn't look at."""
    try:
        with zipfile.ZipFile(path / WEIGHTS) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise corrupt(path, f"{WEIGHTS} is not an intact archive") from error
    if damaged is not None:
        raise corrupt(path, f"{WEIGHTS} has wrong bytes in {damaged}")


def _check_cmvn(path: Path, size: int) -> None:
    """Check that the means and variances are there, are numbers, and fit the features."""
    try:
        lines = [line.split() for line in (path / CMVN).read_text(encoding="utf-8").splitlines()]
        rows = {
            words[0]: [float(word) for word in following[3:-1]]
            for words, following in pairwise(lines)
            if words and words[0] in {"<AddShift>", "<Rescale>"} and following[:1] == ["<LearnRateCoef>"]
        }
    except ValueError as error:
        raise corrupt(path, f"{CMVN} holds something that is not a number") from error
    for name in ("<AddShift>", "<Rescale>"):
        found = len(rows.get(name, []))
        if found != size:
            raise corrupt(path, f"{CMVN} has {found} numbers in {name}, and {CONFIG} asks for {size}")


def _check_vocabulary(path: Path) -> None:
    # PyTorch takes seconds to import; whatever can be refused without it has been.
    from voicechat_server.asr.models.directory.weights import VOCABULARY_WEIGHT, read_weights

    tokens = read_tokens(path)
    decoder = read_weights(path).get(VOCABULARY_WEIGHT)
    if decoder is None:
        raise VoicechatError(
            ErrorCode.MODEL_UNSUPPORTED,
            f"{path / WEIGHTS} holds no decoder of a streaming Paraformer.",
            "Use a FunASR ParaformerStreaming model.",
        )
    rows = decoder.shape[0] if decoder.dim() else 0
    if rows != len(tokens):
        raise corrupt(path, f"{TOKENS} has {len(tokens)} tokens, and {WEIGHTS} is made for {rows}")
