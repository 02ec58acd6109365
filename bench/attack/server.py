"""The attacked server, seen from outside."""

import json
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN_S = 300.0
SETTLES_WITHIN_S = 75.0
"""Longer than anything is kept for a client that may return."""
MOST_GROWTH = 0.05
"""By what fraction the memory may have grown."""

POOLED_FILES = 8
"""What may come to those that were open: the database has a few more connections, of two files each."""

MOST_THREADS = 64
"""What the pools of the web framework and of the event loop may have, beside those that recognise."""

_LOOKS_EVERY_S = 0.25


@dataclass(frozen=True)
class Holdings:
    """What a server holds.

    Attributes:
        resident_mb: Its memory.
        descriptors: Its open files and sockets.
        threads: Its threads.
        tasks: What its event loop has to do.
    """

    resident_mb: float
    descriptors: int
    threads: int
    tasks: int

    def is_as(self, before: Self) -> bool:
        """Whether nothing is left of what came after `before`, the memory aside, which the system keeps.

        Threads and connections to the database wait in pools for more to do; these have a bound.
        """
        return (
            self.descriptors <= before.descriptors + POOLED_FILES
            and self.tasks <= before.tasks
            and self.threads <= MOST_THREADS
        )

    def grown(self, before: Self) -> float:
        """Return by which part the memory has grown."""
        return self.resident_mb / before.resident_mb - 1


class WatchedServer:
    """A server with the demo model in a process of its own, while the context lasts.

    Args:
        directory: Where its database and its log are.
        arguments: Of `bench.attack.watched`, beside those that are usual.

    Attributes:
        address: `host:port`.
        log: The file of its log.
    """

    def __init__(self, directory: Path, *arguments: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.log = directory / "server.log"
        usual = ["--model", "demo", "--port", str(self.port), "--log-level", "warning"]
        self._command = [sys.executable, "-m", "bench.attack.watched", *usual, *arguments]
        self._command += ["--database", str(directory / "chats.db")]

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="utf-8",
            )
        self._seen = psutil.Process(self._process.pid)
        try:
            self._wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def is_alive(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def holdings(self) -> Holdings:
        """Return what it holds now; waits for its event loop."""
        tasks = self._ask("counts")["tasks"]
        return Holdings(
            self._seen.memory_info().rss / 1e6, self._seen.num_fds(), self._seen.num_threads(), tasks
        )

    def settled(self, before: Holdings | None = None) -> Holdings:
        """Return what it holds once that is as it was before, or does not become so.

        Args:
            before: What to compare with; None waits until two looks agree.
        """
        deadline = time.monotonic() + SETTLES_WITHIN_S
        last = self.holdings()
        while time.monotonic() < deadline:
            time.sleep(_LOOKS_EVERY_S)
            now = self.holdings()
            if before is None:
                is_settled = asdict(now) == asdict(last)
            else:
                is_settled = now.is_as(before) and now.grown(before) <= MOST_GROWTH
            if is_settled:
                return now
            last = now
        return last

    def objects(self) -> dict[str, int]:
        """Return how many objects of each class it has that can be part of a cycle."""
        return self._ask("objects")

    def tracebacks(self) -> int:
        """Return how many faults it has logged."""
        return self.log.read_bytes().count(b"Traceback (most recent call last)")

    def log_bytes(self) -> int:
        """Return how long its log is."""
        return self.log.stat().st_size

    def _ask(self, question: str) -> dict[str, int]:
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        if pipe_in is None or pipe_out is None:
            raise RuntimeError("the server was not started")
        print(question, file=pipe_in, flush=True)
        answer: dict[str, int] = json.loads(pipe_out.readline())
        return answer

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN_S
        with httpx.Client(base_url=f"http://{self.address}", timeout=30) as http:
            while not self._answers(http):
                if not self.is_alive or time.monotonic() > deadline:
                    raise TimeoutError(self.log.read_text(encoding="utf-8", errors="replace")[-2000:])
                time.sleep(_LOOKS_EVERY_S)

    def _answers(self, http: httpx.Client) -> bool:
        try:
            return http.get("/ready").is_success
        except httpx.TransportError:
            return False
