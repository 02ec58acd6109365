"""Whether the disk takes a model is known before anything is downloaded."""

import shutil
from pathlib import Path

import pytest

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.models.cache import locate
from voicechat_server.asr.models.catalog import Hub
from voicechat_server.asr.models.hub.disk_space import require_space


def refusal(cache_dir: Path, size_bytes: int) -> VoicechatError:
    with pytest.raises(VoicechatError) as caught:
        require_space(locate(cache_dir, Hub.MS, "model", "v1"), size_bytes)
    assert caught.value.code is ErrorCode.DISK
    return caught.value


def test_a_disk_with_space_is_left_as_it_was(tmp_path: Path) -> None:
    require_space(locate(tmp_path, Hub.MS, "model", "v1"), 1_000)
    assert [path.name for path in tmp_path.rglob("*")] == ["ms", "model"]


def test_a_disk_without_space(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    error = refusal(tmp_path, 2 * free)
    assert f"too full for the {2 * free / 1e6:.0f} MB" in error.message


def test_what_is_already_here_needs_no_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = locate(tmp_path, Hub.MS, "model", "v1")
    target.partial.mkdir(parents=True)
    (target.partial / "model.pt").write_bytes(bytes(600))
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=400))
    require_space(target, 1_000)
    assert "too full" in refusal(tmp_path, 1_001).message


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "ms").touch()
    assert "can't be written" in refusal(tmp_path, 1).message
