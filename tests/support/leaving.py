"""The app in a terminal, left at some moment by some way, while others speak and write in its chat."""

import asyncio
import random
import re
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

import websockets

from tests.support.chat_client import in_chat
from tests.support.pseudo_terminal import TerminalProcess, in_terminal
from tests.support.samples import pcm
from voicechat_common.protocol.chat import SendMessage
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.speech import Start, Stop
from voicechat_tui.console.exit_codes import ExitCode

BEGUN = "\0"
COMMAND = f"from voicechat_tui.__main__ import main; print({BEGUN!r}, end='', flush=True); main()"
"""The client, once Python has started, which is in nobody's hands."""
LOOKS_EVERY_S = 0.05
PRESSES_EVERY_S = 20.0
ENDS_WITHIN_S = 120.0
PACKET_S = 0.1
WRITES_EVERY_S = 0.2
LOST = "of what you said did not reach the server before the app ended."
DRAWS = b"\x1b[?1049h"
DRAWS_NO_MORE = b"\x1b[?1049l"

F1, F2, F6, F7, ESCAPE = "\x1bOP", "\x1bOQ", "\x1b[17~", "\x1b[18~", "\x1b"
DOINGS = {
    "nothing": "",
    "help": F1,
    "microphones": F6,
    "settings": F7,
    "palette": "\x10",
    "speaking": F2,
    "writing": "a draft",
    "list": ESCAPE,
    "new chat": f"{ESCAPE}\x0e",
}
KEYS = {
    "^c ^c": ("\x03", "\x03"),
    "^q": ("\x11",),
    "esc ^q": (ESCAPE, "\x11"),
    "palette": (ESCAPE, "\x10", "Quit", "\r"),
}
SIGNALS = {"SIGTERM": signal.SIGTERM, "SIGHUP": signal.SIGHUP, "SIGINT": signal.SIGINT}
CLOSES = "terminal closed"
WAYS = (*KEYS, *SIGNALS, CLOSES)
BEFORE = {signal.SIGTERM: -signal.SIGTERM, signal.SIGHUP: -signal.SIGHUP, signal.SIGINT: 130}
"""How a process ends by these before it has begun with anything."""


@dataclass(frozen=True)
class Moment:
    """When and how the app is left.

    Attributes:
        after_s: How long after its start, or after what it was made to do; before the first picture only
            signals and the closing of the terminal come in time.
        doing: What it was made to do before, once it had drawn; None to leave it from its very start.
        way: How it is left.
    """

    after_s: float
    doing: str | None
    way: str


@dataclass(frozen=True)
class Left:
    """How that ended.

    Attributes:
        moment: When and how it was left.
        status: The process's exit status.
        said: What is to be read on the terminal after the app.
        log: What its log has.
    """

    moment: Moment
    status: int
    said: str
    log: str

    def judge(self) -> list[str]:
        """Return what should not be."""
        if self.status == ExitCode.AUDIO_LOST and LOST in self.said:
            return []  # On a machine that is too busy to deliver the last words, that is what is to be said.
        allowed = {0}
        if self.moment.doing is None:
            allowed |= {BEFORE.get(SIGNALS.get(self.moment.way, signal.SIGHUP), 0), 130}
        wrong = [] if self.status in allowed else [f"status {self.status}"]
        wrong += [f"said {self.said!r}"] if self.said else []
        bad = ("Traceback", "never awaited", "was destroyed", "never retrieved")
        wrong += [f"logged {word}: {self.log[-1500:]}" for word in bad if word in self.log]
        return wrong


def moments(count: int, seed: int) -> Iterator[Moment]:
    """Return moments at random: every way and every doing comes up again and again."""
    chance = random.Random(seed)
    doings = [*DOINGS, None, None, None]
    for number in range(count):
        doing = doings[number % len(doings)]
        way = WAYS[number % len(WAYS)] if number < len(WAYS) else chance.choice(WAYS)
        yield Moment(chance.uniform(0.0, 1.5 if doing is None else 0.6), doing, way)


def leave_at(moment: Moment, address: str, chat_id: str, environment: Mapping[str, str]) -> Left:
    """Start the app in a chat, and leave it at a moment."""
    with TemporaryDirectory(prefix="leaving-") as directory:
        files = {f"VOICECHAT_TUI_{name}": f"{directory}/{name}" for name in ("CONFIG", "DATA", "LOG")}
        arguments = ("-c", COMMAND, "--url", address, "--chat", chat_id, "--user", "leaver")
        with in_terminal(*arguments, environment={**environment, **files}) as terminal:
            terminal.wait_for(BEGUN)
            if moment.doing is not None:
                terminal.wait_for("leaver")
                type_slowly(terminal, DOINGS[moment.doing])
            read_for(terminal, moment.after_s)
            leave(terminal, moment.way)
            status = terminal.process.wait(ENDS_WITHIN_S)
            with suppress(OSError):
                while terminal.master >= 0 and terminal.read():
                    pass
            output = terminal.output
        log = Path(files["VOICECHAT_TUI_LOG"])
        said = "" if moment.way == CLOSES else last_words(output)
        return Left(moment, status, said, log.read_text("utf-8") if log.exists() else "")


def leave(terminal: TerminalProcess, way: str) -> None:
    """Leave the app, and read until it has ended; keys that came too early are pressed again."""
    if way == CLOSES:
        terminal.hang_up()
        return
    if way in SIGNALS:
        terminal.process.send_signal(SIGNALS[way])
    deadline = time.monotonic() + ENDS_WITHIN_S
    while terminal.process.poll() is None:
        if time.monotonic() > deadline:
            terminal.process.kill()
        if way in KEYS and DRAWS_NO_MORE not in terminal.output:
            for key in KEYS[way]:
                type_slowly(terminal, key)
        read_for(terminal, PRESSES_EVERY_S)


def type_slowly(terminal: TerminalProcess, keys: str) -> None:
    """Press a key as people do; escape is one of its own only if nothing follows at once."""
    for part in re.findall(r"\x1b\[\d+~|\x1bO\w|[^\x1b]+|\x1b", keys):
        with suppress(OSError):  # It may have ended meanwhile.
            terminal.type(part)
        read_for(terminal, 0.15)


def read_for(terminal: TerminalProcess, seconds: float) -> None:
    """Take what is drawn for some time, or until nothing more can come."""
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0 and terminal.process.poll() is None:
        terminal.read(min(left, LOOKS_EVERY_S))


def last_words(output: bytes) -> str:
    """Return what a person reads after the app: no control sequences, nor keys that the terminal echoed."""
    tail = output.rpartition(DRAWS_NO_MORE)[2] if DRAWS in output else output
    text = re.sub(r"\x1b\[[0-9;?<>$]*[a-zA-Z]|\x1b[=>]", "", tail.decode("utf-8", "replace"))
    return re.sub(r"\^[A-Z\[]", "", text).strip(f"{BEGUN} \r\n")


@contextmanager
def load(address: str, chat_id: str, speakers: int = 3, writers: int = 3) -> Iterator[None]:
    """Let others speak and write in a chat while the context lasts."""
    ends = Event()
    thread = Thread(target=lambda: asyncio.run(_load(address, chat_id, speakers, writers, ends)), name="load")
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()


async def _load(address: str, chat_id: str, speakers: int, writers: int, ends: Event) -> None:
    others = [_speak(address, chat_id, f"speaker {number}") for number in range(speakers)]
    others += [_write(address, chat_id, f"writer {number}") for number in range(writers)]
    tasks = [asyncio.create_task(other) for other in others]
    await asyncio.to_thread(ends.wait)
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(ended, asyncio.CancelledError), ended


async def _speak(address: str, chat_id: str, name: str) -> None:
    audio = pcm("talk")
    step = int(PACKET_S * 16_000) * 2
    while True:
        async with websockets.connect(f"ws://{address}/ws", ping_timeout=None) as socket:
            await socket.send(encode(Start(user=name, chat_id=chat_id)))
            listening = asyncio.create_task(_drain(socket))
            for place in range(0, len(audio), step):
                await socket.send(audio[place : place + step])
                await asyncio.sleep(PACKET_S)
            await socket.send(encode(Stop()))
            await listening


async def _drain(socket: websockets.ClientConnection) -> None:
    with suppress(websockets.ConnectionClosed):
        async for _ in socket:
            pass


async def _write(address: str, chat_id: str, name: str) -> None:
    async with in_chat(f"ws://{address}", chat_id, name) as connection:
        listening = asyncio.create_task(_drain(connection.socket))
        try:
            for number in range(1 << 30):
                await connection.send(SendMessage(content=f"{name} writes {number}"))
                await asyncio.sleep(WRITES_EVERY_S)
        finally:
            listening.cancel()
