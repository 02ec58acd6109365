"""Where the server keeps its files unless it is told."""

import os
from pathlib import Path

import pytest

from voicechat_server.settings.model import Settings


def test_files_lie_in_the_places_of_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    for variable in ("VOICECHAT_DATABASE", "VOICECHAT_KEY_FILE"):
        monkeypatch.delenv(variable, raising=False)
    settings = Settings()
    assert settings.cache_dir == Path("/cache/voicechat/models")
    assert settings.database == "/data/voicechat/chats.db"
    assert settings.key_file == Path("/data/voicechat/keys.json")


def test_a_login_without_a_home_keeps_them_where_it_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "VOICECHAT_DATABASE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 1_234_567_890)
    monkeypatch.chdir(tmp_path)
    settings = Settings()
    assert settings.cache_dir == tmp_path / "voicechat" / "models"
    assert settings.database == str(tmp_path / "voicechat" / "chats.db")
