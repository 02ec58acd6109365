"""Floods of frames that carry nothing, on every socket."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from bench.attack.attack import Attack, Unit
from bench.attack.wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    ENDS_WITHIN_S,
    PING,
    PONG,
    START,
    TEXT,
    Connection,
    Tally,
    Target,
    blocks_of,
    connected,
    frame,
)

SPEECH, STREAM, CHAT = "/ws", "/ws#started", "/chatting?id=flooded&user=eve"
"""A speech socket without a stream and with one, and that of a chat."""

SHOWN_OUT = frozenset({"1008 too_many_frames", "503", "refused"})
"""How a flood may end: the connection is closed for it, or not even accepted again."""

_AGAIN = 200
"""The most times that an attacker who was cut off comes back."""

_unfinished = {
    "empty fragments": frame(CONTINUATION, fin=False),
    "fragments of a byte": frame(CONTINUATION, b" ", fin=False),
}
_whole = {
    "pings": frame(PING),
    "pongs": frame(PONG),
    "empty texts": frame(TEXT),
    "empty audio": frame(BINARY),
    "bad JSON": frame(TEXT, b"{"),
    "unknown JSON": frame(TEXT, b'{"type":"x"}'),
    "JSON pings": frame(TEXT, b'{"type":"ping"}'),
}


async def enter(connection: Connection, target: Target, place: str, *, reads: bool = True) -> bool:
    """Become a WebSocket at a place, with a stream if it is one; return whether that went well."""
    path, _, started = place.partition("#")
    if not await connection.upgrade(target, path, reads=reads):
        return False
    return not started or await connection.send(frame(TEXT, START))


async def flood(
    unit: bytes,
    before: bytes,
    places: Sequence[str],
    stays_s: float,
    target: Target,
    amount: int,
    tally: Tally,
) -> None:
    """Send the same bytes again and again, in several places at the same time; come back when cut off.

    Args:
        unit: One frame.
        before: What comes first.
        places: Where.
        stays_s: How long it waits to be cut off once everything is sent.
        target: What to attack.
        amount: How many frames, at all places together.
        tally: Updated.
    """
    await asyncio.gather(
        *(
            _flood_place(unit, before, place, stays_s, target, amount // len(places), tally)
            for place in places
        )
    )


async def _flood_place(
    unit: bytes, before: bytes, place: str, stays_s: float, target: Target, amount: int, tally: Tally
) -> None:
    block, count = blocks_of(unit)
    sent = 0
    for _ in range(_AGAIN):
        try:
            async with connected(target, tally) as connection:
                if await enter(connection, target, place):
                    await connection.send(before)
                while sent < amount and not connection.is_over and await connection.send(block):
                    sent += count
                    tally.amount += count
                await connection.end(stays_s)
        except OSError:
            await asyncio.sleep(0.1)
        if sent >= amount:
            return


async def _after_a_close(target: Target, amount: int, tally: Tally) -> None:
    """Say goodbye, and go on."""
    goodbye = frame(CLOSE, b"\x03\xe8")
    await flood(frame(PING), goodbye, (SPEECH, STREAM, CHAT), ENDS_WITHIN_S, target, amount, tally)


def _attack(name: str, unit: bytes, before: bytes, places: Sequence[str], ends: frozenset[str]) -> Attack:
    run: Callable[[Target, int, Tally], Awaitable[None]] = partial(
        flood, unit, before, places, ENDS_WITHIN_S if ends else 1.0
    )
    return Attack(name, Unit.FRAMES, run, full=150_000, quick=90_000, ends=ends)


_everywhere = (SPEECH, STREAM, CHAT)
_begun = frame(TEXT, b'{"type":"ping","id":"', fin=False)

ATTACKS = (
    *(_attack(name, unit, b"", _everywhere, SHOWN_OUT) for name, unit in _whole.items()),
    *(_attack(name, unit, _begun, _everywhere, SHOWN_OUT) for name, unit in _unfinished.items()),
    # Audio is slowed, however small its frames are.
    _attack("flushes", frame(TEXT, b'{"type":"flush"}'), b"", (STREAM,), frozenset()),
    _attack("audio of a byte", frame(BINARY, b"\0"), b"", (STREAM,), frozenset()),
    Attack(
        "after a close",
        Unit.FRAMES,
        _after_a_close,
        full=150_000,
        quick=90_000,
        ends=frozenset({"1000", "1008 too_many_frames", "cut", "503", "refused"}),
    ),
)
