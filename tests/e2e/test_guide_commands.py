"""Every command that the guide shows is run here as it stands, or by a test named here, or needs Docker."""

import os
import re
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import soundfile

from tests.support.programs import require
from tests.support.samples import SAMPLE_RATE, audio
from tests.support.server import LiveServer
from tests.support.waiting import WITHIN_S
from tools.documented import PORT, ROOT, commands

SAMPLE = "greeting"
DEBIAN = {"curl": "curl", "promtool": "prometheus"}
"""Programs of the guide that pip can't install, and the packages that bring them."""
HERE = ("curl ", "voicechat-tui replay ", "arecord ", "promtool ")
"""How commands begin that are run in this file, in the order of their page."""

ELSEWHERE = {
    "make demo": (".ci/run", "make demo"),
    "make test": (".ci/run", "make test"),
    "make check": (".ci/run", "make check"),
    "make bench*": (".ci/run", "make bench-quick"),
    "pip install -r requirements.txt": ("Makefile", "install -r requirements.txt"),
    "python main.py": ("tests/support/server_process.py", '"main.py"'),
    "python main.py --model demo": ("tests/e2e/test_serve.py", '"--model", "demo"'),
    "python download_model.py --hub ms": (
        "tests/integration/test_model_download_processes.py",
        "download_model.py",
    ),
    "voicechat-server models list": ("tests/integration/test_models_command.py", '"list"'),
    "voicechat-server models download": ("tests/integration/test_models_command.py", '"download"'),
    "voicechat-server models verify": ("tests/integration/test_models_command.py", '"verify"'),
    "voicechat-tui": ("tests/e2e/test_tui_command.py", "voicechat-tui"),
    "voicechat-tui --*": ("tests/e2e/test_tui_command.py", "voicechat-tui"),
    "voicechat-tui doctor*": ("tests/integration/test_doctor_command.py", '"doctor"'),
    "voicechat-tui say *": ("tests/integration/test_say_tail.py", '"say"'),
    "voicechat-tui tail *": ("tests/integration/test_say_tail.py", '"tail"'),
    "voicechat-tui replay --journal*": ("tests/integration/test_replay_journal.py", '"--journal"'),
    "wscat *": ("tests/e2e/test_chat_docs.py", "wscat"),
}
"""Commands that are run elsewhere, as patterns: in which file, and what they are known by there."""

WHOLE_PAGES = {
    "deployment.md": "test_deployment_docs.py",
    "chat.md": "test_chat_docs.py",
    "identity.md": "test_identity_docs.py",
}
"""Pages whose commands belong together and are run by a test of their own."""

PAGES = [
    ROOT / "README.md",
    *sorted(page for page in (ROOT / "docs").glob("*.md") if page.name not in WHOLE_PAGES),
]


def is_run_elsewhere(command: str) -> bool:
    return any(fnmatchcase(command, pattern) for pattern in ELSEWHERE)


def is_run_here(command: str) -> bool:
    return command.startswith(HERE) and not is_run_elsewhere(command)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_is_run_or_needs_docker(page: Path) -> None:
    for command in commands(page):
        known = is_run_here(command) or is_run_elsewhere(command) or command.startswith("docker ")
        assert known, f"no test runs {command!r}"


def test_the_tests_named_here_exist() -> None:
    for command, (file, name) in ELSEWHERE.items():
        assert name in (ROOT / file).read_text(encoding="utf-8"), command
    for page, test in WHOLE_PAGES.items():
        assert page in (Path(__file__).with_name(test)).read_text(encoding="utf-8").replace(
            "DEPLOYMENT", page
        )


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A directory like the project's, with the recordings that the guide speaks of."""
    for name in ("docs", "server", "deploy"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name in ("meeting.mp3", "recording.mp3", "film.wav", "recording.wav", "talk.flac"):
        soundfile.write(tmp_path / name, audio(SAMPLE), SAMPLE_RATE)
    programs = tmp_path / "bin"
    programs.mkdir()
    (tmp_path / "microphone.raw").write_bytes(audio(SAMPLE).tobytes())
    recorder = programs / "arecord"
    recorder.write_text("#!/bin/sh\ncat microphone.raw\n", encoding="utf-8")
    recorder.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(map(is_run_here, commands(page)))], ids=lambda page: page.name
)
def test_the_commands_of_a_page(page: Path, workplace: Path, live_server: LiveServer) -> None:
    shown = [command for command in commands(page) if is_run_here(command)]
    for program, package in DEBIAN.items():
        if any(re.search(rf"\b{program} ", command) for command in shown):
            require(program, package=package)
    environment = os.environ | {
        "PATH": os.pathsep.join([f"{workplace}/bin", str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(workplace),
        "VOICECHAT_TUI_URL": f"{live_server.ws}/ws",
        "PYTHONIOENCODING": "utf-8",
    }
    for command in shown:
        local = command.replace(PORT, live_server.address)
        done = subprocess.run(
            ["bash", "-c", local],
            cwd=workplace,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=WITHIN_S,
            check=False,
        )
        assert done.returncode == 0, f"{local}\n{done.stdout}{done.stderr}"
        assert done.stdout or ">" in command, local
