"""What is known of a model and a device before anything is loaded."""

import sys
from pathlib import Path

import pytest

from tests.support.models import copy_demo, forbid_network
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.config import ModelConfig
from voicechat_server.asr.models.directory.files import WEIGHTS
from voicechat_server.asr.models.loading import devices
from voicechat_server.asr.models.loading.devices import refuse_absent_device
from voicechat_server.asr.models.resolving import cached, refuse_absent


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_network(monkeypatch)


def model(name: str | Path, cache: Path = Path("/nonexistent"), hub: str = "ms") -> ModelConfig:
    return ModelConfig(str(name), hub, "v2.0.4", cache)


def refusal(config: ModelConfig) -> ErrorCode:
    with pytest.raises(VoicechatError) as caught:
        refuse_absent(config)
    return caught.value.code


def test_what_may_be_there_passes(tmp_path: Path) -> None:
    refuse_absent(model("demo"))
    refuse_absent(model(copy_demo(tmp_path / "mine")))
    refuse_absent(model("paraformer-zh-streaming", tmp_path))


def test_a_name_nobody_knows() -> None:
    assert refusal(model("nobody")) is ErrorCode.MODEL_NOT_FOUND


def test_an_unknown_hub(tmp_path: Path) -> None:
    assert refusal(model("paraformer-zh-streaming", tmp_path, hub="elsewhere")) is ErrorCode.BAD_SETTING


def test_a_directory_that_lacks_a_file(tmp_path: Path) -> None:
    (copy_demo(tmp_path / "mine") / "tokens.json").unlink()
    assert refusal(model(tmp_path / "mine")) is ErrorCode.MODEL_INCOMPLETE


def test_weights_that_are_cut_off(tmp_path: Path) -> None:
    weights = copy_demo(tmp_path / "mine") / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-100])
    assert refusal(model(tmp_path / "mine")) is ErrorCode.MODEL_CORRUPT


def test_a_broken_model_in_the_cache(tmp_path: Path) -> None:
    config = model("paraformer-zh-streaming", tmp_path)
    copy_demo(cached(config).path)
    refuse_absent(config)
    (cached(config).path / WEIGHTS).write_bytes(b"")
    assert refusal(config) is ErrorCode.MODEL_CORRUPT


@pytest.mark.parametrize(
    ("device", "system", "built_for", "gpus", "reason"),
    [
        ("cpu", "linux", (), 0, None),
        ("mps", "darwin", (), 0, None),
        ("mps", "linux", (), 0, "only Apple's computers"),
        ("cuda", "linux", ("cuda",), 1, None),
        ("cuda:1", "linux", ("cuda",), 2, None),
        ("cuda", "linux", (), 1, "built without CUDA"),
        ("cuda", "linux", ("cuda",), 0, "no NVIDIA GPU"),
        ("cuda:1", "linux", ("cuda",), 1, "has 1 CUDA device."),
        ("cuda:7", "linux", ("cuda",), 2, "has 2 CUDA devices."),
        ("cuda:1", "linux", ("hip",), 0, None),
    ],
)
def test_a_device_is_refused_only_where_it_is_surely_absent(
    device: str,
    system: str,
    built_for: tuple[str, ...],
    gpus: int,
    reason: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(devices, "_torch_is_for", built_for.__contains__)
    monkeypatch.setattr(devices, "_cuda_devices", lambda: gpus)
    if reason is None:
        refuse_absent_device(device)
        return
    with pytest.raises(VoicechatError, match=reason) as caught:
        refuse_absent_device(device)
    assert caught.value.code is ErrorCode.DEVICE_ABSENT


def test_what_the_installed_pytorch_is_built_for_is_what_it_says_itself() -> None:
    import torch

    assert devices._torch_is_for("cuda") == (torch.version.cuda is not None)
    assert (devices._cuda_devices() > 0) or not torch.cuda.is_available()
