"""One attack alongside honest people, and its effect on them and on the server."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Awaitable
from typing import TypeVar
from uuid import uuid4

import httpx

from bench.attack.attack import Attack
from bench.attack.figures import MOST_LOG_BYTES, RoundFigures, broken
from bench.attack.honest import Crowd, Honest
from bench.attack.noticed import Noticed
from bench.attack.server import ROOT, Holdings, WatchedServer
from bench.attack.wire import Tally

REQUESTS_AT_ONCE = 100
LONG_HISTORY = 1000
READERS_AT_ONCE = 20
# A busy server may close an idle connection at the very moment it is reused.
_NO_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=0)

LASTS_S = 120.0
"""How long an attack may last."""


T = TypeVar("T")


async def launch(attack: Attack, server: WatchedServer, amount: int, seconds: float = LASTS_S) -> Tally:
    """Attack from a separate process; return what it did.

    Raises:
        RuntimeError: The process failed.
    """
    arguments = (attack.name, "127.0.0.1", server.port, amount, seconds)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.attack.worker",
        *map(str, arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        told, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        raise RuntimeError(f"the attacker of {attack.name!r} failed")
    figures = json.loads(told)
    return Tally(**figures | {"ends": Counter(figures["ends"])})


async def fill_pools(address: str) -> None:
    """Request so much at the same time that the server opens all the files it ever will."""
    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=LASTS_S, limits=_NO_LIMITS) as http:
        for path in ("/health", "/chat/list?id=nobody"):
            await asyncio.gather(*(http.get(path) for _ in range(REQUESTS_AT_ONCE)))


async def read_long_history(address: str) -> None:
    """Write a lot into a chat, and let several people read it all at the same time, as people do."""
    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=LASTS_S, limits=_NO_LIMITS) as http:
        created = await http.post("/chat", json={"user_id": "author", "title": "Long"})
        chat = f"/chat/{created.raise_for_status().json()['chat_id']}"
        message = {"user_id": "author", "content": "x" * 4000}
        for _ in range(LONG_HISTORY // REQUESTS_AT_ONCE):
            sent = (http.post(f"{chat}/messages", json=message) for _ in range(REQUESTS_AT_ONCE))
            for answer in await asyncio.gather(*sent):
                answer.raise_for_status()
        page = {"limit": LONG_HISTORY}
        for answer in await asyncio.gather(*(http.get(chat, params=page) for _ in range(READERS_AT_ONCE))):
            answer.raise_for_status()


class Battlefield:
    """A server, and what is known about it.

    Args:
        server: Runs.
        crowd: How many honest people there are.
        wanted: The undisturbed text of each recording.
    """

    def __init__(self, server: WatchedServer, crowd: Crowd, wanted: dict[str, str]) -> None:
        self.server = server
        self._crowd = crowd
        self._wanted = wanted

    def honest(self) -> Honest:
        """Return people who have not joined yet."""
        return Honest(self.server.address, self._crowd, uuid4().hex, self._wanted)

    async def warm_up(self, seconds: float) -> None:
        """Leave honest people undisturbed, so that the server acquires the memory and files they need."""
        await fill_pools(self.server.address)
        await read_long_history(self.server.address)
        honest = self.honest()
        await honest.begin()
        await asyncio.sleep(seconds)
        await honest.finish()

    async def beside(self, attacks: Awaitable[T]) -> tuple[T, Noticed]:
        """Make attacks alongside honest people; return what they did, and what the people noticed."""
        honest = self.honest()
        await honest.begin()
        # What happened before the attack doesn't count, nor does what happens after it.
        honest.noticed.acks.clear()
        done = await attacks
        return done, await honest.finish()

    async def round(self, attack: Attack, turn: int, amount: int, before: Holdings) -> RoundFigures:
        """Attack once, alongside honest people; return what happened.

        Args:
            attack: Which.
            turn: How often it was made, this one included.
            amount: How much of it.
            before: What the server held before the first time.
        """
        log_bytes, tracebacks = self.server.log_bytes(), self.server.tracebacks()
        tally, noticed = await self.beside(launch(attack, self.server, amount))
        after = await asyncio.to_thread(self.server.settled, before)
        wrong = broken(attack, tally, noticed, before, after)
        log_bytes, tracebacks = self.server.log_bytes() - log_bytes, self.server.tracebacks() - tracebacks
        if tracebacks:
            wrong.append(f"{tracebacks} tracebacks")
        if log_bytes > MOST_LOG_BYTES:
            wrong.append(f"log {log_bytes / 1000:.0f} kB")
        return RoundFigures(
            attack=attack.name,
            turn=turn,
            amount=tally.amount,
            unit=attack.unit,
            sockets=tally.sockets,
            ends=dict(tally.ends),
            seconds=tally.seconds,
            acks=len(noticed.acks),
            delay_ms_p99=1000 * noticed.delay_s(0.99),
            delay_ms_worst=1000 * noticed.delay_s(1),
            texts=noticed.texts,
            cuts=len(noticed.cuts),
            before=before,
            after=after,
            log_bytes=log_bytes,
            tracebacks=tracebacks,
            wrong=wrong,
        )
