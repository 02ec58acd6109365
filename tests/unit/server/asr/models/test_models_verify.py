"""What `verify` lets pass and what it refuses, with the reason and the next step."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml

from tests.support.models import copy_demo
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.models.catalog import demo_directory
from voicechat_server.asr.models.directory.checks import verify
from voicechat_server.asr.models.directory.files import CMVN, CONFIG, REQUIRED, TOKENS, WEIGHTS


class Runs:
    """Would run code if it were unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.trace,)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return copy_demo(tmp_path / "model")


def refusal(path: Path) -> VoicechatError:
    with pytest.raises(VoicechatError) as caught:
        verify(path)
    assert caught.value.advice
    return caught.value


def edit_config(model: Path, change: Callable[[dict[str, object]], None]) -> None:
    content = yaml.safe_load((model / CONFIG).read_text(encoding="utf-8"))
    change(content)
    (model / CONFIG).write_text(yaml.safe_dump(content), encoding="utf-8")


def save_weights(model: Path, content: object) -> None:
    torch.save(content, model / WEIGHTS)


def test_the_demo_model_passes() -> None:
    verify(demo_directory())


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none").code is ErrorCode.MODEL_NOT_FOUND


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_file_is_named(model: Path, name: str) -> None:
    (model / name).unlink()
    error = refusal(model)
    assert error.code is ErrorCode.MODEL_INCOMPLETE
    assert name in error.message


@pytest.mark.parametrize("keep", [0, 1_000, 3_000_000, -1])
def test_truncated_weights(model: Path, keep: int) -> None:
    content = (model / WEIGHTS).read_bytes()
    (model / WEIGHTS).write_bytes(content[:keep])
    error = refusal(model)
    assert error.code is ErrorCode.MODEL_CORRUPT
    assert WEIGHTS in error.message


def test_an_archive_of_something_else(model: Path) -> None:
    with zipfile.ZipFile(model / WEIGHTS, "w") as archive:
        archive.writestr("notes.txt", "no weights")
    assert refusal(model).code is ErrorCode.MODEL_CORRUPT


def test_an_archive_that_lies_about_its_contents(model: Path) -> None:
    content = (model / WEIGHTS).read_bytes()
    middle = len(content) // 2
    (model / WEIGHTS).write_bytes(content[: middle - 1000] + content[middle:])
    assert refusal(model).code is ErrorCode.MODEL_CORRUPT


def test_one_wrong_bit_in_the_weights(model: Path) -> None:
    content = bytearray((model / WEIGHTS).read_bytes())
    content[2_500_000] ^= 1
    (model / WEIGHTS).write_bytes(content)
    assert refusal(model).code is ErrorCode.MODEL_CORRUPT


def test_weights_that_would_run_code_are_refused_and_do_not_run(model: Path, tmp_path: Path) -> None:
    trace = tmp_path / "it-ran"
    save_weights(model, {"decoder": Runs(trace)})
    error = refusal(model)
    assert error.code is ErrorCode.MODEL_UNSUPPORTED
    assert not trace.exists()


@pytest.mark.parametrize("content", [{"a": 1}, [1, 2], {}, {"encoder.weight": torch.zeros(3)}])
def test_weights_of_something_else(model: Path, content: object) -> None:
    save_weights(model, content)
    assert refusal(model).code is ErrorCode.MODEL_UNSUPPORTED


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model"])
def test_a_training_checkpoint_passes(model: Path, key: str) -> None:
    weights = torch.load(model / WEIGHTS, weights_only=True)
    save_weights(model, {key: {f"module.{name}": tensor for name, tensor in weights.items()}, "epoch": 3})
    verify(model)


@pytest.mark.parametrize("text", ["model: [", "- a\n- b\n", "\t", "model: ${nowhere}"])
def test_a_config_that_is_no_mapping(model: Path, text: str) -> None:
    (model / CONFIG).write_text(text, encoding="utf-8")
    error = refusal(model)
    assert error.code is ErrorCode.MODEL_CORRUPT
    assert CONFIG in error.message
    assert "\n" not in str(error)


@pytest.mark.parametrize("text", ["", "just words"])
def test_a_config_that_describes_no_model(model: Path, text: str) -> None:
    (model / CONFIG).write_text(text, encoding="utf-8")
    assert refusal(model).code is ErrorCode.MODEL_UNSUPPORTED


def test_a_config_that_is_no_text(model: Path) -> None:
    (model / CONFIG).write_bytes(b"\xff\xfe\x00model")
    assert refusal(model).code is ErrorCode.MODEL_CORRUPT


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("model", "Paraformer"),
        ("encoder", "SANMEncoder"),
        ("predictor", "CifPredictorV3"),
        ("decoder", "FsmnDecoder"),
        ("frontend", "WavFrontend"),
        ("model", None),
    ],
)
def test_another_kind_of_model(model: Path, part: str, other: str | None) -> None:
    edit_config(model, lambda config: config.update({part: other}))
    error = refusal(model)
    assert error.code is ErrorCode.MODEL_UNSUPPORTED
    assert repr(other) in error.message


def test_a_section_that_is_missing(model: Path) -> None:
    edit_config(model, lambda config: config.update(encoder_conf=None))
    assert refusal(model).code is ErrorCode.MODEL_CORRUPT


@pytest.mark.parametrize(
    ("setting", "value"), [("fs", 8000), ("frame_shift", 20), ("lfr_n", 4), ("fs", "16k")]
)
def test_another_frame_rate(model: Path, setting: str, value: object) -> None:
    def change(config: dict[str, object]) -> None:
        frontend = config["frontend_conf"]
        assert isinstance(frontend, dict)
        frontend[setting] = value

    edit_config(model, change)
    assert refusal(model).code is ErrorCode.MODEL_UNSUPPORTED


@pytest.mark.parametrize("text", ["[", "{}", "[]", "[1, 2]", '"abc"', ""])
def test_tokens_that_are_no_list_of_texts(model: Path, text: str) -> None:
    (model / TOKENS).write_text(text, encoding="utf-8")
    error = refusal(model)
    assert error.code is ErrorCode.MODEL_CORRUPT
    assert TOKENS in error.message


def test_tokens_that_do_not_fit_the_weights(model: Path) -> None:
    tokens = json.loads((model / TOKENS).read_text(encoding="utf-8"))
    (model / TOKENS).write_text(json.dumps(tokens[:-1]), encoding="utf-8")
    error = refusal(model)
    assert error.code is ErrorCode.MODEL_CORRUPT
    assert f"{len(tokens) - 1} tokens" in error.message
    assert str(len(tokens)) in error.message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<AddShift>", "<Shift>"),
        ("<Rescale>", ""),
        ("<LearnRateCoef>", "<Coef>"),
        ("-6.379727", "minus six"),
        ("-6.379727 ", ""),
    ],
)
def test_malformed_means_and_variances(model: Path, old: str, new: str) -> None:
    text = (model / CMVN).read_text(encoding="utf-8")
    assert old in text
    (model / CMVN).write_text(text.replace(old, new, 1), encoding="utf-8")
    error = refusal(model)
    assert error.code is ErrorCode.MODEL_CORRUPT
    assert CMVN in error.message


def test_empty_means_and_variances(model: Path) -> None:
    (model / CMVN).write_bytes(b"")
    assert refusal(model).code is ErrorCode.MODEL_CORRUPT


@pytest.mark.parametrize(
    "value",
    ["${oc.env:VOICECHAT_SECRET}", "a ${oc.env:VOICECHAT_SECRET,none}", "${oc.${part}:VOICECHAT_SECRET}"],
)
def test_a_configuration_that_asks_for_the_environment(
    model: Path, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICECHAT_SECRET", "hunter2")
    edit_config(model, lambda content: content.update(part="env", model=value))
    error = refusal(model)
    assert error.code is ErrorCode.MODEL_UNSUPPORTED
    assert "${resolver:…}" in error.message
    assert "hunter2" not in str(error)


def test_a_configuration_may_refer_to_itself(model: Path) -> None:
    edit_config(model, lambda content: content.update(kind=content["model"], model="${kind}"))
    verify(model)
