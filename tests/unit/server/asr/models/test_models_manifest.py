"""The record beside a downloaded model finds what has changed since."""

from pathlib import Path

import pytest

from tests.support.models import copy_demo
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.models.directory import manifest
from voicechat_server.asr.models.directory.checks import verify
from voicechat_server.asr.models.directory.files import CMVN, REQUIRED, TOKENS


def with_record(directory: Path) -> Path:
    files = {
        name: manifest.FileRecord(
            size=(directory / name).stat().st_size, sha256=manifest.sha256(directory / name)
        )
        for name in REQUIRED
    }
    record = manifest.Manifest(name="m", hub="ms", repository="a/b", revision="v1", commit=None, files=files)
    manifest.write(directory, record)
    return directory


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return with_record(copy_demo(tmp_path / "model"))


def damage(directory: Path) -> VoicechatError:
    with pytest.raises(VoicechatError) as caught:
        verify(directory)
    assert caught.value.code is ErrorCode.MODEL_CORRUPT
    assert "models download" in caught.value.advice
    return caught.value


def test_an_unchanged_model_passes(model: Path) -> None:
    verify(model)


def test_a_changed_byte_is_found(model: Path) -> None:
    tokens = (model / TOKENS).read_text(encoding="utf-8").replace("一", "乙", 1)
    (model / TOKENS).write_text(tokens, encoding="utf-8")
    assert "changed" in damage(model).message


def test_a_changed_size_is_found_without_reading(model: Path) -> None:
    record = manifest.read(model)
    assert record is not None
    assert manifest.find_damage(model, record, sizes_only=True) is None
    (model / CMVN).write_bytes((model / CMVN).read_bytes() + b"\n")
    assert manifest.find_damage(model, record, sizes_only=True) is not None
    assert CMVN in damage(model).message


@pytest.mark.parametrize("text", ["", "{", "{}", '{"files": 3}'])
def test_a_record_that_is_none(model: Path, text: str) -> None:
    (model / manifest.MANIFEST).write_text(text, encoding="utf-8")
    assert manifest.MANIFEST in damage(model).message
