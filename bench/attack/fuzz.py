"""Bytes that violate the protocol, entirely or almost valid."""

import random
import struct
from collections.abc import Callable, Iterator

from bench.attack.attack import Attack, Unit
from bench.attack.floods import CHAT, SPEECH, STREAM, enter
from bench.attack.wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    TEXT,
    Tally,
    Target,
    connected,
    frame,
    frame_head,
    handshake,
    request,
)

_SEED = 13
_LONGEST = 2000
_places = (SPEECH, STREAM, CHAT)

Frames = Callable[[random.Random], bytes]


def _close_codes() -> Iterator[bytes]:
    for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535):
        yield frame(CLOSE, struct.pack(">H", code))
    yield frame(CLOSE, b"\x03")
    yield frame(CLOSE, b"\x03\xe8\xff\xff")


WRONG: tuple[bytes, ...] = (
    *_close_codes(),
    frame(TEXT, b"\xff\xfe"),
    frame(TEXT, b"\xed\xa0\x80"),
    frame(TEXT, b"{}", masked=False),
    frame(BINARY, bytes(100), masked=False),
    frame(TEXT, b"{}", rsv=4),
    frame(PING, rsv=2),
    frame(3, b"reserved"),
    frame(11, b"reserved"),
    frame(CONTINUATION, b"of nothing"),
    frame(TEXT, b"begun", fin=False) + frame(TEXT, b"again"),
    frame(PING, bytes(126)),
    frame(PING, b"in pieces", fin=False),
    frame(CLOSE, bytes(200)),
    frame_head(BINARY, 1 << 63),
    frame_head(BINARY, (1 << 63) - 1),
    frame_head(TEXT, 1 << 40),
    frame_head(PING, 1 << 20),
)
"""Protocol violations, one of each kind."""


async def _frames(target: Target, amount: int, tally: Tally) -> None:
    """Send protocol violations, random bytes, and good frames with a few bytes changed."""
    chance = random.Random(_SEED)
    for number in range(amount):
        tally.amount += 1
        try:
            async with connected(target, tally) as connection:
                if await enter(connection, target, _places[number % len(_places)]):
                    await connection.send(_wrong(chance, number))
                    await connection.end(0.05)
        except OSError:
            continue


def _wrong(chance: random.Random, number: int) -> bytes:
    match chance.randrange(3):
        case 0:
            return WRONG[number % len(WRONG)]
        case 1:
            return chance.randbytes(chance.randrange(1, _LONGEST))
        case _:
            good = b"".join(frame(chance.randrange(16), chance.randbytes(50)) for _ in range(10))
            return _changed(chance, good)


async def _http(target: Target, amount: int, tally: Tally) -> None:
    """Send random bytes, and good requests with a few bytes changed."""
    chance = random.Random(_SEED)
    good = (
        request(target, "GET", "/chat/list?id=eve"),
        request(target, "POST", "/chat", "Content-Type: application/json", body=b'{"user_id":"eve"}'),
        request(target, "POST", "/chat", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n",
        handshake(target, "/ws"),
        handshake(target, CHAT),
    )
    for _ in range(amount):
        tally.amount += 1
        try:
            async with connected(target, tally) as connection:
                if chance.randrange(4):
                    data = _changed(chance, chance.choice(good))
                else:
                    data = chance.randbytes(chance.randrange(1, _LONGEST))
                await connection.send(data)
                await connection.end(0.01)
        except OSError:
            continue


def _changed(chance: random.Random, good: bytes) -> bytes:
    bad = bytearray(good)
    for _ in range(chance.randrange(1, 5)):
        bad[chance.randrange(len(bad))] = chance.randrange(256)
    return bytes(bad)


ATTACKS = (
    Attack("fuzzed frames", Unit.SOCKETS, _frames, full=2_000, quick=300),
    Attack("fuzzed HTTP", Unit.REQUESTS, _http, full=3_000, quick=500),
)
