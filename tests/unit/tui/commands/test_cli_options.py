"""Options of the app before a command: they are refused, as nobody would read them."""

import pytest
from typer.testing import CliRunner

from voicechat_tui.cli import app
from voicechat_tui.console.exit_codes import ExitCode

SAY = ("say", "--chat", "c", "hello")


@pytest.mark.parametrize(
    "options", [("--url", "voice.example"), ("--user", "bot"), ("--chat", "monday"), ("--local",)]
)
@pytest.mark.parametrize(
    "command", [SAY, ("tail", "--chat", "c"), ("replay", "a.wav"), ("doctor",), ("locate",)]
)
def test_an_option_before_a_command_is_refused(options: tuple[str, ...], command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*options, *command], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert result.exit_code == ExitCode.USAGE
    assert f"Invalid value for '{options[0]}'" in result.output
    assert f"put it after '{command[0]}', or leave it out." in result.output


def test_all_of_them_are_named() -> None:
    result = CliRunner().invoke(app, ["--url", "x", "--user", "y", *SAY], env={"COLUMNS": "200"})
    assert "'--user' and '--url'" in result.output
