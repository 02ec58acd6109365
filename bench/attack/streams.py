"""Attacks on the stream places."""

import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

from bench.attack.attack import Attack, Unit
from bench.attack.floods import SHOWN_OUT
from bench.attack.silent import HOLDS_S
from bench.attack.wire import BINARY, TEXT, Connection, Tally, Target, connected, frame

_RESUME = b'{"type":"start","stream_id":"%b"}'
_STARTED = frame(TEXT, b'{"type":"start"}')
_ABANDONED = _STARTED + frame(BINARY, bytes(3200))


async def _hold(target: Target, amount: int, tally: Tally) -> None:
    """Start streams, and never send any audio."""
    async with AsyncExitStack() as stack:
        held: list[Connection] = []
        for _ in range(amount):
            tally.amount += 1
            try:
                connection = await stack.enter_async_context(connected(target, tally))
            except OSError:
                continue
            if await connection.upgrade(target, "/ws"):
                await connection.send(_STARTED)
            held.append(connection)
        await asyncio.wait([asyncio.create_task(each.end(HOLDS_S)) for each in held], timeout=HOLDS_S)


async def _abandon(target: Target, amount: int, tally: Tally) -> None:
    """Begin to speak and vanish, again and again, leaving streams that wait for their clients."""
    for _ in range(amount):
        tally.amount += 1
        try:
            async with connected(target, tally) as connection:
                if await connection.upgrade(target, "/ws", reads=False):
                    await connection.send(_ABANDONED)
        except OSError:
            await asyncio.sleep(0.01)


async def _guess(target: Target, amount: int, tally: Tally) -> None:
    """Resume other people's streams by guessing their ids."""
    while tally.amount < amount:
        try:
            async with connected(target, tally) as connection:
                await connection.upgrade(target, "/ws")
                while tally.amount < amount:
                    guesses = (frame(TEXT, _RESUME % uuid4().hex.encode()) for _ in range(500))
                    if connection.is_over or not await connection.send(b"".join(guesses)):
                        break
                    tally.amount += 500
                await connection.end()
        except OSError:
            await asyncio.sleep(0.1)


ATTACKS = (
    Attack(
        "streams without audio",
        Unit.SOCKETS,
        _hold,
        full=500,
        quick=320,
        ends=frozenset({"1000", "1008", "1013", "503", "refused"}),
    ),
    Attack("streams abandoned", Unit.SOCKETS, _abandon, full=500, quick=200),
    Attack(
        "streams guessed",
        Unit.FRAMES,
        _guess,
        full=50_000,
        quick=10_000,
        ends=SHOWN_OUT,
    ),
)
