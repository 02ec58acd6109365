"""Connections that say nothing, or begin something and leave it at that."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial

from bench.attack.attack import Attack, Unit
from bench.attack.wire import Connection, Tally, Target, connected, handshake, request

HOLDS_S = 45.0
"""How long they stay, unless they are ended before; longer than the server may wait for anything."""

_DRIPS_EVERY_S = 2.0
ENDED = frozenset({"408", "503", "1008", "cut", "refused"})

Bytes = Callable[[Target], bytes]


async def _silent(beginning: Bytes, drips: bool, target: Target, amount: int, tally: Tally) -> None:
    """Open many connections, begin something on each, and hold them.

    Args:
        beginning: What is sent.
        drips: Whether a byte follows every few seconds.
        target: What to attack.
        amount: How many connections.
        tally: Updated.
    """
    data = beginning(target)
    async with AsyncExitStack() as stack:
        held: list[Connection] = []
        for _ in range(amount):
            tally.amount += 1
            try:
                connection = await stack.enter_async_context(connected(target, tally))
            except OSError:
                continue
            connection.read()
            if data:
                await connection.send(data)
            held.append(connection)
        try:
            async with asyncio.timeout(HOLDS_S):
                await asyncio.gather(*(_wait(each, drips) for each in held))
        except TimeoutError:
            return


async def _wait(connection: Connection, drips: bool) -> None:
    while drips and not connection.is_over:
        await connection.end(_DRIPS_EVERY_S)
        await connection.send(b"x")
    await connection.end(HOLDS_S)


def _half_body(target: Target) -> bytes:
    return request(target, "POST", "/chat", "Content-Type: application/json", body=b"{" * 1000)[:-900]


def _half_chunk(target: Target) -> bytes:
    head = request(target, "POST", "/chat", "Content-Type: application/json", "Transfer-Encoding: chunked")
    return head + b"400\r\n{"


hold_silent = partial(_silent, lambda _: b"", False)
"""Open many connections and say nothing."""

_beginnings: dict[str, Bytes] = {
    "half a header": lambda target: request(target, "GET", "/health")[:-10],
    "half a handshake": lambda target: handshake(target, "/ws")[:-2],
    "half a body": _half_body,
    "half a chunk": _half_chunk,
}

ATTACKS = (
    Attack("nothing", Unit.SOCKETS, hold_silent, full=2000, quick=300, ends=ENDED),
    *(
        Attack(name, Unit.SOCKETS, partial(_silent, beginning, False), full=2000, quick=300, ends=ENDED)
        for name, beginning in _beginnings.items()
    ),
    Attack(
        "a byte of a header now and then",
        Unit.SOCKETS,
        partial(_silent, _beginnings["half a header"], True),
        full=2000,
        quick=300,
        ends=ENDED,
    ),
    Attack(
        "a byte of a body now and then",
        Unit.SOCKETS,
        partial(_silent, _half_body, True),
        full=2000,
        quick=300,
        ends=ENDED,
    ),
)
