"""What native code writes to standard error never reaches the screen, and the app is drawn all the same."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.pseudo_terminal import in_terminal

SETUP = """
import os, sys
from pathlib import Path
from voicechat_tui.console import native_stderr
from voicechat_tui.logs.log_file import LogFile
log = LogFile(Path(sys.argv[1]), "info")
"""

BESIDES_PYTHON = (
    SETUP
    + """
with log, native_stderr.into(log):
    os.write(2, b"ALSA lib pcm.c: noise\\n")
    print("drawn", file=sys.__stderr__, flush=True)
    print("told", file=sys.stderr, flush=True)
    os.system("echo noise of a child >&2")
os.write(2, b"after\\n")
print("as before", file=sys.stderr)
"""
)

APP = (
    SETUP
    + """
from textual.app import App
from textual.widgets import Label

class Noisy(App):
    def compose(self):
        yield Label("before the noise")
    def on_mount(self):
        os.write(2, b"ALSA lib pcm.c: noise\\n" * 100)
        self.query_one(Label).update("after the noise")
    def on_key(self):
        self.exit()

with log, native_stderr.into(log):
    Noisy().run()
print("bye", file=sys.stderr)
"""
)


def test_descriptor_2_goes_to_the_log_and_the_rest_to_the_terminal(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "tui.log"
    with in_terminal("-c", BESIDES_PYTHON, str(log)) as terminal:
        assert terminal.ended() == 0
    assert terminal.output.decode().split("\r\n") == ["drawn", "told", "after", "as before", ""]
    assert log.read_text().splitlines() == ["ALSA lib pcm.c: noise", "noise of a child"]


def test_an_app_is_drawn_while_native_code_makes_noise(tmp_path: Path) -> None:
    log = tmp_path / "tui.log"
    with in_terminal("-c", APP, str(log)) as terminal:
        terminal.wait_for("after the noise")
        terminal.type("q")
        assert terminal.ended() == 0
    assert b"ALSA" not in terminal.output
    assert terminal.output.endswith(b"bye\r\n")
    assert log.read_text().count("ALSA lib pcm.c: noise") == 100


def test_without_a_log_the_noise_is_swallowed(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with in_terminal("-c", BESIDES_PYTHON, str(tmp_path / "file" / "tui.log")) as terminal:
        assert terminal.ended() == 0
    assert terminal.output.decode().split("\r\n") == ["drawn", "told", "after", "as before", ""]


@pytest.mark.parametrize(
    ("encoding", "written"), [("gb2312", "[?语]".encode("gb2312")), ("ascii", "[█语]".encode())]
)
def test_what_an_encoding_lacks_takes_one_cell_and_none_lacks_chinese(
    tmp_path: Path, encoding: str, written: bytes
) -> None:
    program = SETUP + "with log, native_stderr.into(log):\n    sys.__stderr__.write('[█语]')"
    variables = {"PYTHONIOENCODING": encoding}
    with in_terminal("-c", program, str(tmp_path / "tui.log"), environment=variables) as terminal:
        assert terminal.ended() == 0
    assert terminal.output == written


def test_a_redirected_standard_error_does_not_take_the_screen_away(tmp_path: Path) -> None:
    program = (
        "import os; os.dup2(os.open('errors', os.O_WRONLY | os.O_CREAT), 2)\n"
        + SETUP
        + "with log, native_stderr.into(log):\n    print('drawn', file=sys.__stderr__, flush=True)"
    )
    with in_terminal("-c", f"import os; os.chdir({str(tmp_path)!r})\n{program}", "tui.log") as terminal:
        assert terminal.ended() == 0
    assert terminal.output == b"drawn\r\n"


def test_a_full_log_makes_place_for_a_new_one_that_takes_the_noise(tmp_path: Path) -> None:
    log = tmp_path / "tui.log"
    program = SETUP + (
        "import logging\n"
        "from voicechat_tui.logs import log_file\n"
        "with log, native_stderr.into(log):\n"
        "    for number in range(12):\n"
        "        logging.getLogger('voicechat_tui').info('x' * (log_file.MAX_BYTES // 2))\n"
        "        os.write(2, f'noise {number}\\n'.encode())\n"
    )
    subprocess.run([sys.executable, "-c", program, str(log)], check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "tui.log",
        *(f"tui.log.{n}" for n in range(1, 5)),
    ]
    assert max(path.stat().st_size for path in tmp_path.iterdir()) < 1_100_000
    assert "noise 11" in log.read_text()
