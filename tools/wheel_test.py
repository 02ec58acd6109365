"""`make wheel-test`: builds the wheel, installs it alone as a server and as a client, and tries both.

The development environment plays no part: the wheel brings everything it needs, the client no PyTorch, the
server no library for sound devices.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from tests.support.samples import transcripts
from tests.support.server import free_port, wait_until_listening, wait_until_ready
from voicechat_common import __version__

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "server/voicechat_server/asr/demo_model/samples/complaint.wav"
_began = time.monotonic()


def main() -> None:
    """Run the whole test; the first thing that is wrong ends it."""
    with TemporaryDirectory(prefix="voicechat-wheel-") as scratch:
        directory = Path(scratch)
        say("building the wheel")
        wheel = build_wheel(directory)
        check_licences(wheel)
        say(f"installing {wheel.name}[tui]")
        client = install(directory / "client", f"{wheel}[tui]")
        check_absent(client, "torch", "funasr", "fastapi")
        check_output(client, "voicechat-tui", f"voicechat-tui {__version__}")
        say(f"installing {wheel.name}[server]")
        server = install(directory / "server", pinned_torch(), f"{wheel}[server]")
        check_absent(server, "sounddevice", "textual")
        check_output(server, "voicechat-server", f"voicechat-server {__version__}")
        say("recognising a recording")
        with serving(server, directory) as url:
            said = run(directory, client / "voicechat-tui", "replay", "--url", url, SAMPLE)
        assert said == transcripts()["complaint"], said
    say("passed")


def say(text: str) -> None:
    """Print the test's progress."""
    print(f"[{time.monotonic() - _began:4.0f} s] {text}", flush=True)


def build_wheel(directory: Path) -> Path:
    """Build the project's wheel."""
    run(
        directory,
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-qq",
        "--no-deps",
        "--wheel-dir",
        directory,
        ROOT,
    )
    (wheel,) = directory.glob("*.whl")
    return wheel


def check_licences(wheel: Path) -> None:
    """Check that a wheel carries the texts of its licences."""
    carried = {path.name: path.read_bytes() for path in (ROOT / "LICENSE", *(ROOT / "LICENSES").iterdir())}
    with ZipFile(wheel) as archive:
        found = {Path(name).name: archive.read(name) for name in archive.namelist() if "/licenses/" in name}
    assert found == carried, found.keys()


def install(directory: Path, *requirements: str) -> Path:
    """Install requirements into a new environment; return the directory of its programs."""
    run(directory.parent, sys.executable, "-m", "venv", directory)
    programs = directory / "bin"
    for requirement in requirements:
        run(directory.parent, programs / "python", "-m", "pip", "install", "-qq", requirement)
    return programs


def pinned_torch() -> str:
    """Return the requirement of PyTorch that the guide installs."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    (pin,) = (line for line in lines if line.startswith("torch=="))
    return pin


def check_absent(programs: Path, *packages: str) -> None:
    """Check that an environment lacks packages."""
    listed = run(programs.parent, programs / "python", "-m", "pip", "list", "--format=freeze")
    installed = {line.partition("==")[0].lower() for line in listed.splitlines()}
    assert installed.isdisjoint(packages), installed & set(packages)


def check_output(programs: Path, program: str, version: str) -> None:
    """Check what a program says of its version."""
    said = run(programs.parent, programs / program, "--version")
    assert said == version, said


@contextmanager
def serving(programs: Path, directory: Path) -> Iterator[str]:
    """Run the installed server with the demo model while the context lasts; yield its socket's address."""
    port = free_port()
    process = subprocess.Popen(
        [programs / "voicechat-server", "serve", "--model", "demo", "--port", str(port)],
        cwd=directory,
        env=environment() | {"VOICECHAT_DATABASE": str(directory / "chats.db")},
    )
    try:
        wait_until_listening(f"http://127.0.0.1:{port}")
        wait_until_ready(f"http://127.0.0.1:{port}")
        yield f"ws://127.0.0.1:{port}/ws"
    finally:
        process.terminate()
        status = process.wait(30)
    assert status == 0, status


def environment() -> dict[str, str]:
    """Return the variables of this process but those that lead Python to this project's code."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}


def run(directory: Path, *command: str | Path) -> str:
    """Run a command away from the project's code; return what it printed."""
    done = subprocess.run(
        command, cwd=directory, env=environment(), stdout=subprocess.PIPE, encoding="utf-8", check=True
    )
    return done.stdout.strip()


if __name__ == "__main__":
    main()
