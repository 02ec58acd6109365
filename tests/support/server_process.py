"""`python main.py` as a process of its own, as a person starts it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.forked import ROOT, run_script
from tests.support.server import free_port, wait_until_ready
from tests.support.waiting import WITHIN_S, until


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the root of the project to its end."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=WITHIN_S,
        check=False,
    )


def refused(*arguments: str, **environment: str) -> str:
    """Start a server that must not start; return what it says."""
    done = run_script("main.py", *arguments, environment=environment)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr
    assert "listening" not in done.stderr
    return done.stderr


@dataclass(frozen=True)
class ServerProcess:
    """A server that was started.

    Attributes:
        process: The process; its standard error is the log.
        address: `host:port`.
    """

    process: subprocess.Popen[str]
    address: str

    @property
    def http(self) -> str:
        """The base of its HTTP addresses."""
        return f"http://{self.address}"

    @property
    def ws(self) -> str:
        """The base of its WebSocket addresses."""
        return f"ws://{self.address}"

    def first_answer(self) -> httpx.Response:
        """Ask `/ready` until there is an answer."""

        def listens() -> bool:
            assert self.process.poll() is None, self.process.communicate()[1]
            host, _, port = self.address.rpartition(":")
            # To find nobody there costs less than a request to nobody.
            with socket.socket() as probe:
                return probe.connect_ex((host, int(port))) == 0

        until(listens, lambda: f"nothing listens at {self.http}")
        return httpx.get(f"{self.http}/ready")

    def wait_until_ready(self) -> None:
        """Wait until audio would be recognised."""
        self.first_answer()
        wait_until_ready(self.http)

    def end(self, number: signal.Signals = signal.SIGTERM) -> list[dict[str, Any]]:
        """Tell the server to end, which it has to do with status 0; return the lines of its log."""
        self.process.send_signal(number)
        _, log = self.process.communicate(timeout=WITHIN_S)
        assert self.process.returncode == 0, log
        assert "Traceback" not in log, log
        return [json.loads(line) for line in log.splitlines()]


@contextmanager
def started(*arguments: str, **environment: str) -> Iterator[ServerProcess]:
    """Start a server on a free port while the context lasts; it may not have answered yet.

    Its log goes into a pipe, which holds 64 KiB before the server waits.
    """
    with _started(subprocess.PIPE, *arguments, **environment) as server:
        yield server


@contextmanager
def logging_to(log: Path, *arguments: str, **environment: str) -> Iterator[ServerProcess]:
    """Start a server as `started` does; its log goes into a file."""
    with log.open("wb") as output, _started(output.fileno(), *arguments, **environment) as server:
        yield server


@contextmanager
def _started(log: int, *arguments: str, **environment: str) -> Iterator[ServerProcess]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "main.py", *arguments],
        cwd=ROOT,
        env=os.environ | {"VOICECHAT_PORT": str(port)} | environment,
        stderr=log,
        encoding="utf-8",
    )
    try:
        yield ServerProcess(process, f"127.0.0.1:{port}")
    finally:
        process.kill()
        process.communicate()
