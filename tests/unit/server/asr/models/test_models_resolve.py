"""Names of models that need no hub, and names that are none."""

from pathlib import Path

import pytest

from tests.support.models import copy_demo, forbid_network
from voicechat_common import __version__
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.config import ModelConfig
from voicechat_server.asr.models.catalog import PARAFORMER, demo_directory
from voicechat_server.asr.models.directory.files import ModelFiles
from voicechat_server.asr.models.resolving import resolve
from voicechat_server.settings.model import Settings


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_network(monkeypatch)


def config(name: str, hub: str = "ms", revision: str = "v2.0.4") -> ModelConfig:
    return ModelConfig(name, hub, revision, Path("/nonexistent"))


def refusal(wanted: ModelConfig) -> VoicechatError:
    with pytest.raises(VoicechatError) as caught:
        resolve(wanted)
    return caught.value


def test_demo_ships_with_the_package() -> None:
    assert resolve(config("demo")) == ModelFiles(demo_directory(), "demo", __version__)


def test_a_directory_is_named_after_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = copy_demo(tmp_path / "my-model")
    expected = ModelFiles(path.resolve(), "my-model", "local")
    assert resolve(config(str(path))) == expected
    monkeypatch.chdir(tmp_path)
    assert resolve(config("./my-model")) == expected
    monkeypatch.setenv("HOME", str(tmp_path))
    assert resolve(config("~/my-model")) == expected


def test_an_unknown_name_gets_the_nearest_known_one() -> None:
    error = refusal(config("paraformer-zh-streming"))
    assert error.code is ErrorCode.MODEL_NOT_FOUND
    assert error.advice == "Did you mean paraformer-zh-streaming?"


def test_an_unknown_name_that_resembles_none_gets_all_names() -> None:
    assert "demo or paraformer-zh-streaming" in refusal(config("/srv/whisper")).advice


def test_a_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"")
    error = refusal(config(str(tmp_path / "model.pt")))
    assert error.code is ErrorCode.MODEL_NOT_FOUND
    assert "a file" in error.message


@pytest.mark.parametrize("revision", ["", "..", "../../etc", "a/b", ".hidden", "v1 2"])
def test_a_revision_that_would_leave_the_cache(revision: str) -> None:
    assert refusal(config(PARAFORMER.name, revision=revision)).code is ErrorCode.BAD_SETTING


def test_a_hub_that_is_none() -> None:
    assert refusal(config(PARAFORMER.name, hub="github")).code is ErrorCode.BAD_SETTING


def test_the_settings_and_the_catalogue_agree_on_the_default() -> None:
    model = Settings.load().engine_config().model
    assert (model.name, model.revision) == (PARAFORMER.name, PARAFORMER.default_revision)
