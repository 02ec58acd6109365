"""Where the client keeps its files."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from voicechat_tui.cli import app
from voicechat_tui.files import paths


def located(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["locate", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_each_place_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VOICECHAT_TUI_CONFIG", str(tmp_path / "my settings.toml"))
    monkeypatch.setenv("VOICECHAT_TUI_LOG", str(tmp_path / "tui.log"))
    monkeypatch.setenv("VOICECHAT_TUI_DATA", str(tmp_path / "data"))
    assert located("config") == f"{tmp_path / 'my settings.toml'}\n"
    assert located("log") == f"{tmp_path / 'tui.log'}\n"
    assert located("data") == f"{tmp_path / 'data'}\n"
    assert located("journal") == f"{tmp_path / 'data' / 'journal'}\n"
    assert [line.split()[0] for line in located().splitlines()] == ["config", "log", "data", "journal"]


def test_without_variables_the_platform_chooses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", *paths.VARIABLES):
        monkeypatch.delenv(name, raising=False)
    for place in (paths.config_file(), paths.log_file(), paths.data_dir()):
        assert tmp_path in place.parents
        assert "voicechat" in str(place)


def test_a_tilde_is_the_home_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("VOICECHAT_TUI_CONFIG", "~/voice.toml")
    assert paths.config_file() == tmp_path / "voice.toml"


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VOICECHAT_TUI_LOG")
    unset = paths.log_file()
    monkeypatch.setenv("VOICECHAT_TUI_LOG", "")
    assert paths.log_file() == unset


def test_an_unknown_place_is_a_usage_error() -> None:
    assert CliRunner().invoke(app, ["locate", "treasure"]).exit_code == 2
