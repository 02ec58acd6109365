"""The measuring processes: each is a module of this package that prints its figures to standard output."""

import subprocess
import sys
import tempfile
from typing import Self

_LAST_WORDS = 2000


class ChildFailedError(Exception):
    """A process ended without printing its figures; the message has its last output."""


class Child:
    """A process that runs a module while the context lasts.

    Args:
        module: Name of the module.
        arguments: Its command line.
    """

    def __init__(self, module: str, *arguments: object) -> None:
        self._module = module
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the context ends
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            encoding="utf-8",
        )

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._words.close()

    def line(self) -> str:
        """Return the next line the process prints.

        Raises:
            ChildFailedError: It ended instead.
        """
        told = self._process.stdout
        line = told.readline() if told else ""
        if not line:
            self._process.wait()
            self.check_running()
        return line.rstrip("\n")

    def check_running(self) -> None:
        """Say why the process ended, if it did.

        Raises:
            ChildFailedError: It ended.
        """
        status = self._process.poll()
        if status is not None:
            raise ChildFailedError(f"{self._module} ended with status {status}:\n{self._last_words()}")

    def finish(self) -> None:
        """Wait for the process's end.

        Raises:
            ChildFailedError: It ended with another status than 0.
        """
        self._process.communicate()
        if self._process.returncode:
            self.check_running()

    def answer(self) -> None:
        """Write an empty line, for which the process waits."""
        if self._process.stdin:
            print(file=self._process.stdin, flush=True)

    def _last_words(self) -> str:
        self._words.seek(0)
        return self._words.read().decode(errors="replace")[-_LAST_WORDS:]


def figures_of(module: str, *arguments: object) -> str:
    """Run a module to its end; return the line it prints.

    Raises:
        ChildFailedError: It printed none.
    """
    with Child(module, *arguments) as child:
        return child.line()
