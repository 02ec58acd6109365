"""A crash: the log has all of it and no values, the person one sentence, whoever called the exit status."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SENTENCE = "voicechat-tui crashed"
SECRET = "what somebody said"


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str
    log: str


def run(program: str, directory: Path, *arguments: str, **variables: str) -> Ended:
    """Run a program that has something break in the client, which begins as the command does."""
    begin = "import sys, threading\nfrom voicechat_tui import cli\n"
    log = directory / "tui.log"
    files = {f"VOICECHAT_TUI_{name}": str(directory / name.lower()) for name in ("CONFIG", "DATA")}
    done = subprocess.run(
        [sys.executable, "-c", f"{begin}{program}\ncli.main()", *arguments],
        env={**os.environ, **files, "VOICECHAT_TUI_LOG": str(log), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr, log.read_text("utf-8") if log.is_file() else "")


BREAK = f"""
def fail(*arguments, **options):
    words = "".join(reversed({SECRET[::-1]!r}))
    raise ZeroDivisionError("inside")
"""
HEADLESS = {
    "say": (BREAK + "import voicechat_tui.talk.say as say; say._Say.run = fail", "say", "--chat", "c", "hi"),
    "tail": (BREAK + "import voicechat_tui.talk.tail as tail; tail._Tail.run = fail", "tail", "--chat", "c"),
    "replay": (BREAK + "import voicechat_tui.replay.command as it; it.replay_files = fail", "replay", "-"),
    "doctor": (BREAK + "import voicechat_tui.doctor.run as run; run.examine = fail", "doctor"),
    "locate": (
        BREAK + "from voicechat_tui.commands import locate as it; it.PLACES[it.Place.JOURNAL] = fail",
        "locate",
        "journal",
    ),
}


@pytest.mark.parametrize("command", HEADLESS)
def test_every_command_tells_a_crash_in_one_sentence(command: str, tmp_path: Path) -> None:
    ended = run(HEADLESS[command][0], tmp_path, *HEADLESS[command][1:])
    assert (ended.status, ended.out) == (1, "")
    (line,) = ended.err.splitlines()
    assert SENTENCE in line
    assert str(tmp_path / "tui.log") in line
    assert "ZeroDivisionError: inside" in ended.log
    assert "in fail" in ended.log
    assert "Traceback" in ended.log
    assert SECRET not in ended.log


def test_it_is_told_in_the_language_of_the_person(tmp_path: Path) -> None:
    ended = run(HEADLESS["say"][0], tmp_path, *HEADLESS["say"][1:], LC_ALL="zh_CN.UTF-8", PYTHONUTF8="1")
    assert ended.err.startswith("错误：voicechat-tui ")


@pytest.mark.parametrize("place", ["directory", "/dev/full"])
def test_where_there_can_be_no_log_all_of_it_is_told(tmp_path: Path, place: str) -> None:
    log = tmp_path if place == "directory" else Path(place)
    ended = run(HEADLESS["say"][0], tmp_path, *HEADLESS["say"][1:], VOICECHAT_TUI_LOG=str(log))
    assert ended.status == 1
    assert ended.err.startswith(f"error: {SENTENCE}")
    assert f"The log {log} can't be written" in ended.err
    assert "ZeroDivisionError: inside" in ended.err
    assert "Logging error" not in ended.err


def test_a_crash_in_a_thread_is_one(tmp_path: Path) -> None:
    program = f"""{BREAK}
from voicechat_tui.commands import locate

def journal_dir():
    thread = threading.Thread(target=fail, name="the worker")
    thread.start()
    thread.join()
    return "here"

locate.PLACES[locate.Place.JOURNAL] = journal_dir
"""
    ended = run(program, tmp_path, "locate", "journal")
    assert (ended.status, ended.out) == (1, "here\n")
    assert SENTENCE in ended.err
    assert "the worker crashed" in ended.log
    assert "ZeroDivisionError: inside" in ended.log


def test_what_ends_nothing_is_logged_and_changes_no_status(tmp_path: Path) -> None:
    program = """
import asyncio, gc, warnings
import voicechat_tui.talk.say as say
from voicechat_tui.console.exit_codes import ExitCode

class Broken:
    def __del__(self):
        raise ZeroDivisionError("in __del__")

async def orphan():
    raise ZeroDivisionError("in a task")

async def run(self):
    task = asyncio.create_task(orphan())
    await asyncio.wait({task})
    del task
    Broken()
    gc.collect()
    warnings.warn("a warning")
    return ExitCode.OK

say._Say.run = run
"""
    ended = run(program, tmp_path, "say", "--chat", "c", "hi")
    assert (ended.status, ended.err) == (0, "")
    for said in ("ZeroDivisionError: in __del__", "ZeroDivisionError: in a task", "a warning"):
        assert said in ended.log


def test_nothing_is_logged_where_there_is_nothing_to_log(tmp_path: Path) -> None:
    ended = run("", tmp_path, "locate", "journal")
    assert ended.status == 0
    assert not (tmp_path / "tui.log").exists()


async def test_ctrl_c_during_the_start_ends_it_without_a_word(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("import time; print('importing', flush=True); time.sleep(60)")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from voicechat_tui.__main__ import main; main()",
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    await process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = await process.communicate()
    assert (process.returncode, err) == (130, b"")
