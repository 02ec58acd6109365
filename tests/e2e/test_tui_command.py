"""`voicechat-tui` as it is installed: help, version, completion, and what it takes to start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from voicechat_common import __version__

BIN = Path(sys.executable).parent
COMMANDS = ("replay", "say", "tail", "locate", "doctor")
NOT_TO_START = ("torch", "funasr", "sounddevice", "textual", "httpx", "numpy", "voicechat_server")


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1", "COLUMNS": "100"}
    return subprocess.run(
        command, env=os.environ | plain | environment, capture_output=True, encoding="utf-8", check=False
    )


def test_the_version() -> None:
    result = run("voicechat-tui", "--version")
    assert (result.returncode, result.stdout) == (0, f"voicechat-tui {__version__}\n")


def test_help_names_every_command_and_says_what_it_does() -> None:
    shown = run("voicechat-tui", "--help").stdout
    for command in COMMANDS:
        (line,) = [line for line in shown.splitlines() if line.strip("│ ").startswith(f"{command} ")]
        assert len(line.strip("│ ").split(None, 1)[1]) > 10, command
    assert "--install-completion" in shown
    assert "--show-completion" in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    for option in ("--help", "-h"):
        result = run("voicechat-tui", command, option)
        assert result.returncode == 0
        assert f"Usage: voicechat-tui {command}" in result.stdout


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_tells_examples_and_exit_statuses_and_no_types_of_switches(command: str) -> None:
    shown = run("voicechat-tui", *command.split(), "--help").stdout
    assert "<bool>" not in shown
    assert f"voicechat-tui {command}".rstrip() in shown.split("Examples")[1]
    assert "  2  the command line" in shown.split("Exit status")[1]


def test_help_is_as_wide_as_the_terminal() -> None:
    shown = run("voicechat-tui", "tail", "--help", COLUMNS="300").stdout
    assert "What is being spoken right now is shown on standard error, if that is a terminal. Exits" in shown


def test_an_unknown_command_is_a_usage_error_in_words() -> None:
    result = run("voicechat-tui", "dockter")
    assert result.returncode == 2
    assert "No such command 'dockter'" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("voicechat-tui loc", ["locate"]),
        ("voicechat-tui locate j", ["journal"]),
        ("voicechat-tui replay --jo", ["--journal"]),
    ],
)
def test_bash_completes(line: str, expected: list[str]) -> None:
    script = f"""
        eval "$(voicechat-tui --show-completion)"
        COMP_WORDS=({line}) COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
        _voicechat_tui_completion voicechat-tui
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    result = run("bash", "-c", script)
    assert result.stdout.split() == expected, result.stderr


def test_the_command_line_starts_without_what_only_some_commands_need() -> None:
    program = (
        f"import sys, voicechat_tui.cli; print([name for name in {NOT_TO_START} if name in sys.modules])"
    )
    assert run(sys.executable, "-c", program).stdout == "[]\n"
