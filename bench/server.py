"""This project's server in a separate process, as people start it."""

import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from bench.children import Child

_READY_WITHIN_S = 300
_POLL_S = 0.1


class Memory:
    """Watches the resident memory of a process, from a thread.

    Attributes:
        most_mb: The most it had since the last `forget`.
    """

    def __init__(self, pid: int) -> None:
        self.most_mb = 0.0
        self._process = psutil.Process(pid)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)
        self._thread.start()

    def forget(self) -> None:
        """Begin anew."""
        self.most_mb = 0.0

    def end(self) -> None:
        """Stop watching."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        with suppress(psutil.NoSuchProcess):
            while not self._ended.wait(_POLL_S):
                self.most_mb = max(self.most_mb, self._process.memory_info().rss / 1e6)


@dataclass(frozen=True)
class RunningServer:
    """A server that is ready.

    Attributes:
        address: `host:port`.
        admitted: Streams it takes at once.
        precision: The number format it computes with.
        loading_mb: The most memory it had before it was ready.
        memory: What it has now.
    """

    address: str
    admitted: int
    precision: str
    loading_mb: float
    memory: Memory


@contextmanager
def serving(model: Path, device: str, max_streams: int | None) -> Iterator[RunningServer]:
    """Run a server while the context lasts.

    Args:
        model: The model's directory.
        device: Where the model computes.
        max_streams: Streams it is to admit; None lets it find out.
    """
    port = _free_port()
    with tempfile.TemporaryDirectory() as scratch:
        options = ["--model", model, "--device", device, "--port", port, "--log-level", "warning"]
        options += ["--database", Path(scratch) / "chats.db"]
        if max_streams is not None:
            options += ["--max-streams", max_streams]
        with Child("voicechat_server", "serve", *options) as child:
            memory = Memory(child.pid)
            try:
                yield _ready(f"127.0.0.1:{port}", child, memory)
            finally:
                memory.end()


def _ready(address: str, child: Child, memory: Memory) -> RunningServer:
    deadline = time.monotonic() + _READY_WITHIN_S
    with httpx.Client(base_url=f"http://{address}", timeout=30) as http:
        while not _answers_ready(http):
            child.check_running()
            if time.monotonic() > deadline:
                raise TimeoutError(f"the server was not ready within {_READY_WITHIN_S} s")
            time.sleep(_POLL_S)
        info = http.get("/asr/info").json()
    loading_mb = memory.most_mb
    memory.forget()
    return RunningServer(address, info["streams_max"], info["precision"], loading_mb, memory)


def _answers_ready(http: httpx.Client) -> bool:
    try:
        return http.get("/ready").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
