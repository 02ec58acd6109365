"""What the doctor thinks of what it finds."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import typer.main
from rich.console import Console

from tests.support.journal import header, journal_in
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.levels import FLOOR_DB
from voicechat_tui import language
from voicechat_tui.cli import app
from voicechat_tui.doctor import files, microphone, report, server, terminal
from voicechat_tui.doctor.finding import CHECK_NAMES, Check, Finding, Verdict, is_well, note, ok, problem
from voicechat_tui.doctor.microphone import Heard
from voicechat_tui.doctor.terminal import Terminal
from voicechat_tui.logs.log_file import LogFile
from voicechat_tui.settings.loading import Loaded
from voicechat_tui.settings.model import Settings
from voicechat_tui.sources.microphone.devices import DeviceName, InputDevice
from voicechat_tui.sources.microphone.portaudio import SoundSystem
from voicechat_tui.sources.microphone.surroundings import Surroundings
from voicechat_tui.ui.screens.base import LEAST_HEIGHT, LEAST_WIDTH

GOOD = Terminal(True, 120, 40, "xterm-256color", "256", no_color=False, encoding="utf-8")
HEADSET = InputDevice(DeviceName("Headset", "ALSA"), 3, 2, 48_000, is_default=True)
BUILT_IN = InputDevice(DeviceName("Built-in", "ALSA"), 1, 2, 48_000)


def told(finding: Finding) -> tuple[Check, Verdict]:
    return finding.check, finding.verdict


def test_a_good_terminal() -> None:
    findings = terminal.judge(GOOD)
    assert [told(finding) for finding in findings] == [
        (Check.TERMINAL, Verdict.OK),
        (Check.COLOURS, Verdict.OK),
        (Check.TEXT, Verdict.OK),
    ]
    assert findings[0].message == "xterm-256color, 120 columns, 40 rows."


@pytest.mark.parametrize(
    ("changes", "check", "verdict", "step"),
    [
        ({"columns": 50}, Check.TERMINAL, Verdict.NOTE, "80 x 24 shows more"),
        ({"columns": 20, "rows": 5}, Check.TERMINAL, Verdict.PROBLEM, "Enlarge it to at least 30 x 8"),
        ({"name": "dumb"}, Check.TERMINAL, Verdict.PROBLEM, "TERM=dumb"),
        ({"is_one": False}, Check.TERMINAL, Verdict.NOTE, "The app needs one"),
        ({"colours": "standard"}, Check.COLOURS, Verdict.NOTE, "xterm-256color"),
        ({"colours": None}, Check.COLOURS, Verdict.NOTE, "xterm-256color"),
        ({"no_color": True}, Check.COLOURS, Verdict.OK, ""),
        ({"encoding": "gbk"}, Check.TEXT, Verdict.NOTE, "UTF-8 locale"),
        ({"encoding": "ascii"}, Check.TEXT, Verdict.NOTE, "UTF-8 locale"),
        ({"encoding": "UTF8"}, Check.TEXT, Verdict.OK, ""),
    ],
)
def test_what_is_odd_about_a_terminal(
    changes: dict[str, object], check: Check, verdict: Verdict, step: str
) -> None:
    odd = replace(GOOD, **changes)  # type: ignore[arg-type] # what a case changes is of the field's type
    (finding,) = (finding for finding in terminal.judge(odd) if finding.check is check)
    assert finding.verdict is verdict
    assert step in finding.next_step


def test_the_smallest_terminal_is_the_one_that_the_app_needs() -> None:
    assert terminal.USABLE == (LEAST_WIDTH, LEAST_HEIGHT)


@pytest.mark.parametrize(
    ("ahead_s", "verdict", "message"),
    [
        (0.0, Verdict.OK, "It is within 0.0 s of the server's."),
        (1.5, Verdict.OK, "It is within 1.5 s of the server's."),
        (90.0, Verdict.NOTE, "The server's is 90 s ahead."),
        (-3600.0, Verdict.NOTE, "The server's is 3600 s behind."),
    ],
)
def test_the_clock_is_compared_with_the_middle_of_the_answer(
    ahead_s: float, verdict: Verdict, message: str
) -> None:
    asked, delay = datetime(2026, 11, 24, tzinfo=UTC), timedelta(seconds=0.5)
    finding = server.judge_clock(asked + delay / 2 + timedelta(seconds=ahead_s), asked, delay)
    assert (told(finding), finding.message) == ((Check.CLOCK, verdict), message)


def test_a_slow_answer_says_little_about_the_clock() -> None:
    asked, delay = datetime(2026, 11, 24, tzinfo=UTC), timedelta(seconds=8)
    assert server.judge_clock(asked + timedelta(seconds=8), asked, delay).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("heard", "verdict", "words"),
    [
        (Heard(-12.3, clipped=False), Verdict.OK, "Peak at -12 dBFS."),
        (Heard(0.0, clipped=True), Verdict.NOTE, "turn the microphone down"),
        (Heard(-72.0, clipped=False), Verdict.NOTE, "Nothing was heard"),
        (Heard(FLOOR_DB, clipped=False), Verdict.PROBLEM, "delivers nothing at all, not even noise"),
    ],
)
def test_the_level(heard: Heard, verdict: Verdict, words: str) -> None:
    finding = microphone.judge_level(heard, HEADSET, SoundSystem(Surroundings()))
    assert told(finding) == (Check.LEVEL, verdict)
    assert words in f"{finding.message} {finding.next_step}"


def test_zeros_on_macos_are_a_matter_of_permission() -> None:
    finding = microphone.judge_level(
        Heard(FLOOR_DB, clipped=False), HEADSET, SoundSystem(Surroundings(system="Darwin"))
    )
    assert "Privacy & Security" in finding.next_step


def test_the_microphones() -> None:
    sound = SoundSystem(Surroundings(over_ssh=True))
    both = microphone.judge_devices([HEADSET, BUILT_IN], None, sound)
    assert both.message == "2, the default first: Headset (ALSA), Built-in (ALSA)."
    absent = microphone.judge_devices([HEADSET], DeviceName("Studio"), sound)
    assert (told(absent), "Studio" in absent.message) == ((Check.DEVICES, Verdict.NOTE), True)
    none = microphone.judge_devices([], None, sound)
    assert (none.verdict, "SSH" in none.message) == (Verdict.PROBLEM, True)


def test_the_files(tmp_path: Path) -> None:
    path = tmp_path / "tui.toml"
    assert (
        files.check_config(Loaded(Settings(), None, path)).message
        == f"There is no {path}; the defaults apply."
    )
    path.touch()
    assert files.check_config(Loaded(Settings(), None, path)).message == f"{path} is fine."
    wrong = VoicechatError(ErrorCode.BAD_SETTING, "Line 3 is wrong.", "Correct it.")
    assert files.check_config(Loaded(Settings(), wrong, path)) == problem(Check.CONFIG, wrong)
    with LogFile(tmp_path / "tui.log", "info") as log:
        assert files.check_log(log).verdict is Verdict.OK
    with LogFile(path / "tui.log", "info") as log:
        assert files.check_log(log).verdict is Verdict.NOTE


def test_the_journal(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    assert "journal = true" in files.check_journal(journal, is_kept=False).message
    assert files.check_journal(journal, is_kept=True).message == "Nothing is left to send."
    for _ in range(2):
        writer = journal.begin(header())
        writer.append(np.ones(100, np.int16))
        writer.close()
    finding = files.check_journal(journal, is_kept=True)
    assert (finding.verdict, finding.message) == (Verdict.NOTE, "2 talks were not fully sent.")


FINDINGS = [
    ok(Check.TERMINAL, "Fine [here]."),
    note(Check.CLOCK, "Late.", "Set it."),
    problem(Check.SERVER, VoicechatError(ErrorCode.SERVER_UNREACHABLE, "Gone.", "Start it.")),
]


def test_the_report_for_programs() -> None:
    data = json.loads(report.as_json(FINDINGS))
    assert data["ok"] is False
    assert data["findings"][2] == {
        "check": "server",
        "verdict": "problem",
        "message": "Gone.",
        "next_step": "Start it.",
    }
    assert is_well(FINDINGS[:2])


@pytest.mark.parametrize("width", [50, 80, 120])
def test_the_report_for_people(width: int) -> None:
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(report.table(FINDINGS))
    lines = [line.split(None, 2) for line in capture.get().splitlines()]
    assert ["Terminal", "ok", "Fine [here]."] in [[cell.strip() for cell in line] for line in lines]
    assert "-> Start it." in capture.get()
    assert max(map(len, capture.get().splitlines())) <= width


def test_the_report_in_chinese() -> None:
    language.use("zh")
    console = Console(width=80)
    with console.capture() as capture:
        console.print(report.table(FINDINGS))
    for word in ("终端", "正常", "时钟", "注意", "服务器", "问题"):
        assert word in capture.get()


def test_every_check_has_a_name() -> None:
    assert set(CHECK_NAMES) == set(Check)


def test_every_check_and_option_is_documented() -> None:
    text = (Path(__file__).parents[4] / "docs" / "doctor.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == ["check", *Check]
    assert [verdict for verdict in Verdict if f"`{verdict}`" not in text] == []
    command = typer.main.get_group(app).commands["doctor"]
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    shown = {name for name in options if name.startswith("--")} - {"--help", "--microphone"}
    assert [name for name in shown if name not in text] == []
    assert f"smaller than {LEAST_WIDTH} x {LEAST_HEIGHT}" in text
