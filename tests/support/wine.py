"""Windows' command interpreter, by wine, with stand-ins for the programs that scripts call."""

import io
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL

from pip._vendor import distlib

from tests.support.programs import require
from tests.support.waiting import WITHIN_S

LAUNCHER = Path(distlib.__file__).with_name("t64.exe")
"""Starts what the line behind it names, with its own path and arguments; pip ships it for scripts."""

LINGERS_S = 60


@contextmanager
def wine_home(home: Path) -> Iterator[Path]:
    """Make wine's own files in an empty directory, and keep its server running, for quicker starts."""
    require("wine", "wineserver", package="wine wine64")
    for command in (["wineserver", f"--persistent={LINGERS_S}"], ["wine", "cmd", "/c", "rem"]):
        subprocess.run(command, env=_environment(home), check=True, stdout=DEVNULL, stderr=DEVNULL)
    try:
        yield home
    finally:
        subprocess.run(["wineserver", "--kill"], env=_environment(home), check=False)


@dataclass(frozen=True)
class Ended:
    """What a script left behind.

    Attributes:
        status: Its exit status.
        out: What it printed, on standard output and standard error.
        calls: The programs it called with their arguments, in order.
    """

    status: int
    out: str
    calls: list[str]


class Windows:
    """A directory in which scripts run, and a PATH of stand-ins that record how they are called.

    Args:
        home: Where wine keeps its own files.
        directory: An empty directory for this test.
    """

    def __init__(self, home: Path, directory: Path) -> None:
        self.home = home
        self.work = directory / "a folder with spaces"
        self.work.mkdir()
        self._programs = directory / "programs"
        self._programs.mkdir()
        self._record = directory / "record.txt"

    def program(self, name: str, *behaviour: str) -> Path:
        """Make a stand-in.

        Args:
            name: What scripts call, without `.exe`.
            behaviour: Lines of a batch file: its first argument is the stand-in's own path, the arguments
                it was called with follow.
        """
        script = self._programs / f"{name}.bat"
        lines = ["@echo off", f">>{path(self._record)} echo {name} %*", *behaviour, "exit /b 0"]
        script.write_bytes("".join(f"{line}\r\n" for line in lines).encode())
        nothing = io.BytesIO()
        with zipfile.ZipFile(nothing, "w") as archive:
            archive.writestr("__main__.py", "")
        stand_in = self._programs / f"{name}.exe"
        shebang = f"#!cmd.exe /c {path(script)}\r\n".encode()
        stand_in.write_bytes(LAUNCHER.read_bytes() + shebang + nothing.getvalue())
        return stand_in

    def copy(self, *files: Path) -> None:
        """Copy files to where scripts run."""
        for file in files:
            shutil.copy(file, self.work)

    def run(self, script: str, *arguments: str, **environment: str) -> Ended:
        """Run a script that was copied, from another directory."""
        self._record.unlink(missing_ok=True)
        done = subprocess.run(
            ["wine", "cmd", "/c", path(self.work / script), *arguments],
            cwd=self.work.parent,
            env=_environment(self.home) | {"WINEPATH": path(self._programs)} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            timeout=WITHIN_S,
            check=False,
        )
        return Ended(done.returncode, done.stdout.replace("\r\n", "\n"), self._calls())

    def _calls(self) -> list[str]:
        if not self._record.exists():
            return []
        calls = []
        for line in self._record.read_text(encoding="utf-8").splitlines():
            # The second word is the stand-in's own path, in quotes.
            name, _, rest = line.partition(' "')
            arguments = rest.partition('"')[2]
            calls.append(f"{name}{arguments}".strip())
        return calls


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VOICECHAT_")}
    return kept | {"WINEPREFIX": str(home), "WINEDEBUG": "-all"}


def path(place: Path) -> str:
    """A path as Windows programs see it."""
    return f"Z:{place}".replace("/", "\\")
