"""What a chat costs: many people, many messages, compared with a bare broadcast loop.

    python -m bench.chat_fanout            100 people, 50 messages a second, for a minute, three times each
    python -m bench.chat_fanout --quick    the same for five seconds each

Every person gets every message. The chat numbers, stores and acknowledges each before it sends it on; the
bare loop only sends. The two take turns on the same machine. The figures are the delay from the sender to
each reader, and the CPU time of the server process per message delivered; the exit status is 1 if the
median cost of the chat is 3 times that of the bare loop or more, or if anybody got the messages in a
different order.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.chat_load import Load, Reader, talk

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 3.0
STARTS_WITHIN_S = 180
CHAT, BARE = "chat", "bare loop"


def main() -> int:
    """Measure, and print the figures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--rate", type=float, default=50.0, help="messages per second, in total")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each measurement lasts")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each")
    parser.add_argument("--quick", action="store_true", help="five seconds each")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON on standard output")
    options = parser.parse_args()
    load = Load(options.people, options.rate, 5.0 if options.quick else options.seconds)
    with chat_server() as (chat_pid, chat_port), bare_server() as (bare_pid, bare_port):
        results: dict[str, list[dict[str, float]]] = {CHAT: [], BARE: []}
        for turn in range(options.rounds):
            chat_url = f"ws://127.0.0.1:{chat_port}/chatting?id=round-{turn}&user=person"
            results[CHAT].append(measure(load, chat_pid, chat_url + "-{person}"))
            results[BARE].append(measure(load, bare_pid, f"ws://127.0.0.1:{bare_port}/"))
            for name, rounds in results.items():
                print(f"round {turn + 1}: {name:9}  {describe(rounds[-1])}", file=sys.stderr, flush=True)
    median = {name: middle(rounds) for name, rounds in results.items()}
    ratio = median[CHAT]["cpu_us"] / median[BARE]["cpu_us"]
    if options.json:
        print(json.dumps({"load": vars(load), "rounds": results, "median": median, "cpu_ratio": ratio}))
    else:
        for name, figures in median.items():
            print(f"median:  {name:9}  {describe(figures)}")
        print(f"CPU of the chat: {ratio:.2f} times that of the bare loop (must stay below {LIMIT:g})")
    return 0 if ratio < LIMIT else 1


def measure(load: Load, pid: int, url: str) -> dict[str, float]:
    """Let people talk on one server, whose address may hold `{person}`; return the figures."""
    spent_before = 0.0

    def begin() -> None:
        nonlocal spent_before
        spent_before = cpu_seconds(pid)

    readers = asyncio.run(talk(load, lambda person: url.format(person=person), begin))
    spent = cpu_seconds(pid) - spent_before
    check(readers)
    delays = sorted(delay for reader in readers for delay in reader.delays_s)
    return {
        "delivered": len(delays),
        "p50_ms": 1000 * delays[len(delays) // 2],
        "p99_ms": 1000 * delays[len(delays) * 99 // 100],
        "cpu_us": 1e6 * spent / len(delays),
    }


def check(readers: list[Reader]) -> None:
    """Make sure that everybody got all messages, once, in the same order."""
    first = readers[0].numbers
    if sorted(first) != list(range(len(first))) or any(reader.numbers != first for reader in readers):
        sys.exit("Somebody missed a message, got one twice, or got them in another order.")


def middle(rounds: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each figure."""
    return {key: statistics.median(figures[key] for figures in rounds) for key in rounds[0]}


def describe(figures: dict[str, float]) -> str:
    """Return figures as a line."""
    return (
        f"{figures['delivered']:.0f} delivered, delay {figures['p50_ms']:.1f} ms (median) "
        f"{figures['p99_ms']:.1f} ms (99 %), CPU {figures['cpu_us']:.1f} us for each"
    )


def cpu_seconds(pid: int) -> float:
    """Return the CPU time a process has used, in all its threads, as Linux reports it."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def chat_server() -> Iterator[tuple[int, int]]:
    """Run the real server while the context lasts; yield its process id and port when its model is loaded."""
    with tempfile.TemporaryDirectory() as scratch:
        database = ["--database", str(Path(scratch) / "chats.db")]
        command = [sys.executable, "main.py", "--model", "demo", "--log-level", "warning", *database]
        with process(command) as (pid, port):
            wait_for(lambda: httpx.get(f"http://127.0.0.1:{port}/ready").status_code == 200)
            yield pid, port


@contextmanager
def bare_server() -> Iterator[tuple[int, int]]:
    """Run the bare loop while the context lasts; yield its process id and port."""
    with process([sys.executable, "-m", "bench.bare_broadcast"]) as (pid, port):
        wait_for(lambda: is_listening(port))
        yield pid, port


def is_listening(port: int) -> bool:
    """Connect to a port; OSError if it doesn't accept connections."""
    with socket.create_connection(("127.0.0.1", port)):
        return True


@contextmanager
def process(command: list[str]) -> Iterator[tuple[int, int]]:
    """Run a command that takes a port while the context lasts; yield its process id and port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    child = subprocess.Popen([*command, "--port", str(port)], cwd=ROOT)
    try:
        yield child.pid, port
    finally:
        child.terminate()
        child.wait()


def wait_for(is_up: Callable[[], bool]) -> None:
    """Ask a server until it is up."""
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        try:
            if is_up():
                return
        except (OSError, httpx.HTTPError):
            pass
        time.sleep(0.1)
    sys.exit("A server did not start.")


if __name__ == "__main__":
    sys.exit(main())
