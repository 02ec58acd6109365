"""The command line of replay: what it accepts, what it refuses, and that its help tells everything."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from voicechat_common import __version__
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.cli import app
from voicechat_tui.commands.replay import EPILOG
from voicechat_tui.console.exit_codes import ExitCode, exit_code_of
from voicechat_tui.replay.options import ReplayOptions, parse_chunk_size, parse_speed


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "100", "NO_COLOR": "1"})
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("text", "speed"), [("1", 1.0), ("2.5", 2.5), ("0.5", 0.5), ("max", math.inf), ("MAX", math.inf)]
)
def test_speeds(text: str, speed: float) -> None:
    assert parse_speed(text) == speed


@pytest.mark.parametrize("text", ["0", "-1", "fast", "nan", "inf", ""])
def test_what_is_no_speed(text: str) -> None:
    with pytest.raises(ValueError, match="is not a speed"):
        parse_speed(text)


@pytest.mark.parametrize("text", ["0,10,5", "[0, 10, 5]"])
def test_chunk_sizes(text: str) -> None:
    assert parse_chunk_size(text) == (0, 10, 5)


@pytest.mark.parametrize("text", ["0,10", "a,b,c", "0,10,5,1", "", "0,0,5", "0,10,0"])
def test_what_is_no_chunk_size(text: str) -> None:
    with pytest.raises(ValueError, match=r"whole numbers|must be"):
        parse_chunk_size(text)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--speed", "0"],
        ["--chunk-size", "0,0,0"],
        ["--packet-ms", "0"],
        ["--rate", "5"],
        ["--wait-ready", "-1"],
        ["--user", ""],
        ["--chat", "x" * 129],
        ["--no-such-option"],
    ],
)
def test_a_wrong_option_is_a_usage_error(arguments: list[str]) -> None:
    assert run("replay", "a.wav", *arguments)[0] == ExitCode.USAGE


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (ReplayOptions(), "Nothing to replay"),
        (ReplayOptions(inputs=("a.wav",), script=Path("s.toml")), "can't be played together"),
        (ReplayOptions(inputs=("-", "-")), "only be read once"),
        (ReplayOptions(inputs=("a.wav", "b.wav"), srt=Path("x.srt")), "for one recording"),
        (ReplayOptions(script=Path("s.toml"), srt=Path("x.srt")), "for one recording"),
        (ReplayOptions(inputs=("a.wav",), srt=Path("/no/such/place/x.srt")), "can't be written"),
        (ReplayOptions(inputs=("a.wav",), srt=Path("/")), "can't be written"),
        (ReplayOptions(inputs=("a.wav",), url="ftp://x"), "not the address"),
    ],
)
def test_options_that_do_not_go_together(options: ReplayOptions, message: str) -> None:
    with pytest.raises(VoicechatError, match=message) as caught:
        options.checked()
    assert exit_code_of(caught.value) is ExitCode.USAGE


def test_options_reach_the_stream() -> None:
    options = ReplayOptions(
        inputs=("a.wav",),
        user="anna",
        chat_id="room",
        chunk_size=(0, 8, 4),
        endpointing=False,
        packet_ms=20,
        wait_ready_s=2.0,
    )
    start = options.start(44_100)
    assert (start.sample_rate, start.user, start.chat_id) == (44_100, "anna", "room")
    assert (start.chunk_size, start.endpointing) == ((0, 8, 4), False)
    assert (options.policy.packet_ms, options.policy.not_ready_s, options.policy.unreachable_s) == (
        20,
        2.0,
        2.0,
    )


def test_endpointing_is_left_to_the_server_unless_it_is_refused() -> None:
    assert ReplayOptions(inputs=("a.wav",)).start(16_000).endpointing is None


def test_help_tells_every_exit_status() -> None:
    code, text = run("replay", "--help")
    assert code == 0
    for status, meaning in EPILOG.meaning.items():
        assert f"{status:>3}  {meaning}" in text
    assert set(EPILOG.meaning) == set(ExitCode)


def test_version() -> None:
    assert run("--version") == (0, f"voicechat-tui {__version__}\n")


def test_every_error_has_an_exit_status() -> None:
    codes = {code: exit_code_of(VoicechatError(code, "", "")) for code in ErrorCode}
    assert codes[ErrorCode.BUSY] is ExitCode.UNREACHABLE
    assert codes[ErrorCode.RECOGNITION_FAILED] is ExitCode.FAILED
    assert ExitCode.OK not in codes.values()


def test_the_command_line_imports_nothing_heavy() -> None:
    program = (
        "import sys, voicechat_tui.cli\n"
        "heavy = {'textual', 'sounddevice', 'torch', 'funasr', 'fastapi', 'soundfile', 'websockets'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
