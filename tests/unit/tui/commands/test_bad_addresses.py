"""A mistyped address of the server: each command, and the app, tell it in one message."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.cli import app
from voicechat_tui.console.exit_codes import ExitCode
from voicechat_tui.ui import run as app_run

ADDRESSES = ["voice.example：8000", "[::1", "http://[::1", "http://.é", "a..b", f"{'x' * 64}.example"]


@pytest.fixture(autouse=True)
def _files_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("CONFIG", "DATA", "LOG"):
        monkeypatch.setenv(f"VOICECHAT_TUI_{name}", str(tmp_path / name.lower()))


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    ("command", "status"),
    [
        (("say", "--chat", "c", "--user", "a", "hello"), ExitCode.USAGE),
        (("tail", "--chat", "c"), ExitCode.USAGE),
        (("replay", "a.wav"), ExitCode.USAGE),
        (("doctor", "--no-microphone"), ExitCode.FAILED),
    ],
)
def test_a_command_tells_it(command: tuple[str, ...], status: ExitCode, address: str) -> None:
    result = CliRunner().invoke(app, [*command, "--url", address])
    assert result.exit_code == status, result.output
    assert f"{address!r} is not the address of a server." in result.output
    assert "Write it like http://127.0.0.1:8000." in result.output


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_app_does_not_start(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_run, "_need_terminal", lambda: None)
    with pytest.raises(VoicechatError, match="not the address of a server") as caught:
        app_run.run(url=address, user=None, chat=None, local=False)
    assert caught.value.code is ErrorCode.BAD_SETTING
