"""Where the locale is Chinese, nobody reads English: of no mistake, of no failure, in no help."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.samples import DIRECTORY
from tests.support.server import LiveServer
from voicechat_tui.cli import app

NOWHERE = "http://127.0.0.1:1"
"""An address at which nothing listens; the same in each process that collects these tests."""
SCENE = '[[speaker]]\nname = "anna"\nsteps = [{}]\n'
CODE = re.compile(
    r"`[^`]*`|'[^']*'|\"[^\"]*\"|https?://\S+|wss?://\S+|/\S+|--?[a-z][\w-]*|\b[\w./-]+\.\w+\b|\b[A-Z_]{3,}\b"
)
"""What stands in a text as it would be typed, whatever its language."""
ENGLISH = re.compile(r"[A-Za-z']+(?:,? +[A-Za-z']+){2,}")


@pytest.fixture(autouse=True)
def _chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setenv("COLUMNS", "1000")
    monkeypatch.chdir(tmp_path)
    for name in ("CONFIG", "DATA", "LOG"):
        monkeypatch.setenv(f"VOICECHAT_TUI_{name}", str(tmp_path / name.lower()))


def said(*command: str, data: bytes | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*command], input=data, prog_name="voicechat-tui")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        # `main` would say it, which is not run here.
        return 1, str(result.exception)
    return result.exit_code, result.output


def assert_chinese(text: str) -> None:
    assert re.search("[\u4e00-\u9fff]", text), text
    assert ENGLISH.findall(CODE.sub("", text)) == [], text


@pytest.mark.parametrize(
    "command",
    [
        ("dockter",),
        ("--nope",),
        ("--url", "x", "say"),
        ("say",),
        ("say", "--chat"),
        ("say", "--chat", "a", "b", "c"),
        ("say", "--chat", "a b", "x"),
        ("say", "--chat", "", "x"),
        ("say", "--chat", "a", "--user", "x" * 65, "x"),
        ("say", "--chat", "a", "--user", " x", "y"),
        ("say", "--chat", "a", "--url", "not a url !!", "x"),
        ("say", "--chat", "a", "--user", "b", "--url", NOWHERE, "--reconnect", "0", "x"),
        ("say", "--chat", "a", "--user", "b", "--json=x", "x"),
        ("tail", "--chat", "x", "--lines", "-1"),
        ("tail", "--chat", "x", "--since", "y"),
        ("tail", "--chat", "x", "--url", NOWHERE, "--reconnect", "0"),
        ("locate", "nowhere"),
        ("replay",),
        ("replay", "none.wav"),
        ("replay", "."),
        ("replay", "empty.wav"),
        ("replay", "text.wav"),
        ("replay", "a.pcm"),
        ("replay", "--speed", "fast", "a.wav"),
        ("replay", "--speed", "0", "a.wav"),
        ("replay", "--chunk-size", "1,2", "a.wav"),
        ("replay", "--chunk-size", "0,0,5", "a.wav"),
        ("replay", "--rate", "3", "-"),
        ("replay", "--packet-ms", "x", "-"),
        ("replay", "--user", "", "a.wav"),
        ("replay", "--list"),
        ("replay", "--journal", "--list", "--forget"),
        ("replay", "--journal", "none"),
        ("replay", "--srt", "/none/x.srt", "a.wav"),
        ("replay", "-", "-"),
        ("replay", "--url", NOWHERE, "--wait-ready", "0", str(DIRECTORY / "greeting.wav")),
        ("doctor", "--no-microphone", "--url", NOWHERE),
    ],
    ids=" ".join,
)
def test_a_command_that_fails_says_so_in_chinese(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("some words that are no audio", encoding="utf-8")
    (tmp_path / "a.pcm").write_bytes(bytes(100))
    code, output = said(*command)
    assert code != 0
    assert_chinese(output)


@pytest.mark.parametrize(
    "scene",
    [
        "",
        "x = 1",
        "x = ",
        "[[speaker]",
        '[[speaker]]\nname = ""',
        SCENE.format("{ wait = -1 }"),
        SCENE.format("{ wiat = 1 }"),
        SCENE.format("{ flush = false }"),
        SCENE.format("{ play = 3 }"),
        SCENE.format('{ play = "none.wav" }'),
        SCENE.format("{ stop = true }, { flush = true }"),
        SCENE.format("{ wait = 1 }") * 2,
        SCENE.format("{ wait = 1 }") + "chunk_size = [0, 0, 5]",
    ],
)
def test_a_scenario_that_can_not_be_played_is_told_in_chinese(scene: str, tmp_path: Path) -> None:
    (tmp_path / "scene.toml").write_text(scene, encoding="utf-8")
    code, output = said("replay", "--script", "scene.toml")
    assert code != 0
    assert_chinese(output)


@pytest.mark.parametrize(
    "settings",
    [
        "theme = dark",
        'theme = "purple"',
        'url = "not a url !!"',
        "pre_roll_ms = -1",
        "journal_max_mb = 1.5",
        'journal = "perhaps"',
        'uzer = "anna"',
        "[keys]\ntalk = 3",
        "user = ''",
        '"',
    ],
)
def test_wrong_settings_are_told_in_chinese(settings: str, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(settings, encoding="utf-8")
    code, output = said("say", "--chat", "a", "x")
    assert code != 0
    assert_chinese(output)


def test_what_the_server_refuses_is_told_in_chinese(live_server: LiveServer, chat_id: str) -> None:
    where = ("--chat", chat_id, "--url", live_server.http)
    for command in (
        ("say", *where, "--user", "anna", " "),
        ("say", *where, "--user", "anna", "x" * 4001),
        ("say", *where, "--user", "anna", "a\x00b"),
        ("tail", *where, "--no-follow", "--since", "99999"),
    ):
        code, output = said(*command)
        assert code != 0, (command, output)
        assert_chinese(output)


def test_an_expectation_that_is_not_met_is_told_in_chinese(live_server: LiveServer, tmp_path: Path) -> None:
    step = f'{{ play = "{DIRECTORY / "greeting.wav"}" }}, {{ flush = true }}, {{ expect = "别的" }}'
    (tmp_path / "scene.toml").write_text("speed = inf\n" + SCENE.format(step), encoding="utf-8")
    code, output = said("replay", "--script", "scene.toml", "--url", live_server.http)
    assert code == 1
    assert_chinese(output)


@pytest.mark.parametrize("command", ["", "replay", "say", "tail", "locate", "doctor"])
def test_help_is_chinese(command: str) -> None:
    code, output = said(*command.split(), "--help")
    assert code == 0
    lines = [line for line in output.splitlines() if "voicechat-tui" not in line]
    assert_chinese("\n".join(lines))
