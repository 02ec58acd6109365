"""Whether speech into a chat survives `kill -9` of its server, at any moment and in adverse conditions.

    python -m bench.speech_kills                     50 talks, each with its kill, and 10 in each trouble
    python -m bench.speech_kills --moments 3 --in-trouble 1

Each talk is the same recording, spoken into a separate chat by the client's own core. At a random moment
the server is killed and restarted. With trouble, before the kill, the database is locked, its disk is full
(mounting a small one requires root), or the server is stopped and later continued. In the end, the chat
must equal that of an undisturbed talk, message by message. The exit status is 1 if it ever doesn't.
"""

import argparse
import asyncio
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self

import httpx
import numpy as np
import soundfile

from voicechat_common.audio import Samples
from voicechat_common.protocol.speech import Done, Start
from voicechat_server.asr.models.catalog import demo_directory
from voicechat_tui.client.http import HttpClient
from voicechat_tui.client.speech.client import SpeechClient
from voicechat_tui.client.speech.policy import SpeechPolicy

ROOT = Path(__file__).resolve().parent.parent
RATE = 16_000
PACKET = RATE // 10
SPEED = 3.0
"""How many times faster than real time people talk here."""
PATIENCE_S = 300.0
"""How long a client waits for its server, and this for a server's start."""
SMALL_DISK_MB = 4


class Victim:
    """A server process that is killed and started again at the same address.

    Args:
        directory: Where its database is.

    Attributes:
        address: `host:port`.
        database: The file of its chats.
    """

    def __init__(self, directory: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._port = probe.getsockname()[1]
        self.address = f"127.0.0.1:{self._port}"
        self.database = directory / "chats.db"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        self.wait_until_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it; it may not listen yet."""
        command = [sys.executable, "main.py", "--model", "demo", "--log-level", "error"]
        # The small disk has less room than a server keeps free.
        command += ["--min-free-mb", "0"]
        options = ["--port", str(self._port), "--database", str(self.database)]
        self._process = subprocess.Popen([*command, *options], cwd=ROOT)

    def wait_until_ready(self) -> None:
        """Return when it recognises."""
        deadline = time.monotonic() + PATIENCE_S
        while not self._is_ready():
            if time.monotonic() > deadline:
                sys.exit("The server did not get ready.")
            time.sleep(0.1)

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self._process is not None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"http://{self.address}/ready").is_success
        except httpx.TransportError:
            return False


Trouble = Callable[[Victim, random.Random], AbstractAsyncContextManager[None]]
"""Something that is wrong with a server while it is killed; it is over before the server starts again."""


@asynccontextmanager
async def nothing(_victim: Victim, _random: random.Random) -> AsyncIterator[None]:
    """Nothing is wrong."""
    yield


@asynccontextmanager
async def locked(victim: Victim, chance: random.Random) -> AsyncIterator[None]:
    """Another program has locked the database, for seconds before the kill."""
    with closing(sqlite3.connect(victim.database, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(chance.uniform(0, 7))
        yield
        other.execute("ROLLBACK")


@asynccontextmanager
async def full(victim: Victim, chance: random.Random) -> AsyncIterator[None]:
    """The disk of the database is full, for seconds before the kill."""
    filler = victim.database.parent / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
    await asyncio.sleep(chance.uniform(0, 4))
    yield
    filler.unlink()


@asynccontextmanager
async def stopped(victim: Victim, chance: random.Random) -> AsyncIterator[None]:
    """The server is stopped for seconds, and goes on for less than one before the kill."""
    victim.tell(signal.SIGSTOP)
    await asyncio.sleep(chance.uniform(0.5, 4))
    victim.tell(signal.SIGCONT)
    await asyncio.sleep(chance.uniform(0, 0.8))
    yield


TROUBLES: dict[str, Trouble] = {"a lock": locked, "a full disk": full, "a stop": stopped}


def speech() -> Samples:
    """Return the recording: several sentences."""
    samples, _ = soundfile.read(demo_directory() / "samples" / "talk.wav", dtype="int16")
    return np.asarray(samples, np.int16)


async def talk(victim: Victim, chat: str, samples: Samples, disturbance: asyncio.Task[None] | None) -> None:
    """Speak a recording into a chat to its receipt."""
    policy = replace(
        SpeechPolicy(), lost_s=PATIENCE_S, not_ready_s=PATIENCE_S, unreachable_s=PATIENCE_S, busy_tries=100
    )
    client = SpeechClient(f"ws://{victim.address}/ws", Start(user="anna", chat_id=chat), policy)

    async def speak() -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for at in range(0, len(samples), PACKET):
            await asyncio.sleep(max(0.0, began + at / RATE / SPEED - loop.time()))
            client.offer(samples[at : at + PACKET])
        client.stop()

    async with client, asyncio.TaskGroup() as group:
        group.create_task(speak())
        events = [event async for event in client]
    if disturbance is not None:
        await disturbance
    done = events[-1]
    if not isinstance(done, Done) or done.dropped_samples or done.unstored:
        raise AssertionError(f"the receipt of {chat} is {done}")


async def disturb(victim: Victim, trouble: Trouble, moment_s: float, chance: random.Random) -> None:
    """Kill a server at a moment, in trouble, and start it again."""
    await asyncio.sleep(moment_s)
    async with trouble(victim, chance):
        victim.kill()
    victim.start()


async def said(victim: Victim, chat: str) -> list[str]:
    """Return what a chat has, in order, once the server is there again."""
    await asyncio.to_thread(victim.wait_until_ready)
    async with HttpClient(victim.address) as http:
        return [message.content async for message in http.history(chat)]


async def run(victim: Victim, name: str, trouble: Trouble, moments: int, seed: int) -> int:
    """Speak, kill and compare, as often as asked; return how many talks were not as they should be."""
    chance = random.Random(f"{seed} {name}")
    samples = speech()
    await talk(victim, "undisturbed", samples, None)
    wanted = await said(victim, "undisturbed")
    wrong = 0
    for number in range(moments):
        moment_s = chance.uniform(0, len(samples) / RATE / SPEED + 0.5)
        chat = f"{name}-{number}".replace(" ", "-")
        task = asyncio.create_task(disturb(victim, trouble, moment_s, chance))
        await talk(victim, chat, samples, task)
        got = await said(victim, chat)
        if got != wanted:
            wrong += 1
            print(f"{name}, killed after {moment_s:.2f} s:\n  wanted {wanted}\n  got    {got}", flush=True)
        elif sys.stderr.isatty():
            print(f"{name}: {number + 1} of {moments}", file=sys.stderr, end="\r")
    print(f"{name}: {moments - wrong} of {moments} texts equal the undisturbed one", flush=True)
    return wrong


@contextmanager
def small_disk() -> Iterator[Path]:
    """Mount a small disk while the context lasts."""
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_MB}m", "tmpfs", place], check=True)
        try:
            yield Path(place)
        finally:
            subprocess.run(["umount", place], check=True)


@contextmanager
def any_disk() -> Iterator[Path]:
    """Make a directory while the context lasts."""
    with tempfile.TemporaryDirectory() as place:
        yield Path(place)


def main() -> int:
    """Kill, and print the results; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moments", type=int, default=50, help="talks with a kill and nothing else wrong")
    parser.add_argument("--in-trouble", type=int, default=10, help="talks in each trouble")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    plan: list[tuple[str, Trouble, int]] = [("a kill", nothing, options.moments)]
    plan += [(name, trouble, options.in_trouble) for name, trouble in TROUBLES.items()]
    wrong = 0
    for name, trouble, moments in plan:
        if trouble is full and os.geteuid() != 0:
            print(f"{name}: left out, since only root can mount a small disk")
            continue
        with small_disk() if trouble is full else any_disk() as directory, Victim(directory) as victim:
            wrong += asyncio.run(run(victim, name, trouble, moments, options.seed))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
