"""Heads of requests that are too long, or never end."""

from functools import partial

from bench.attack.attack import Attack, Unit
from bench.attack.wire import BLOCK, Tally, Target, blocks_of, connected, handshake, request

MEBIBYTE = 1 << 20

REFUSED = frozenset({"400", "414", "422", "431", "503", "cut", "refused"})
"""How such a request may end; an attacker that keeps sending may miss the answer."""


async def _pour(beginning: bytes, unit: bytes, target: Target, amount: int, tally: Tally) -> None:
    """Begin a request and never finish its head.

    Args:
        beginning: What comes first, without the empty line at its end.
        unit: What follows, again and again.
        target: What to attack.
        amount: How much: MiB, or units where they are headers.
        tally: Updated.
    """
    block, count = blocks_of(unit)
    async with connected(target, tally) as connection:
        connection.read()
        await connection.send(beginning)
        step = count if len(unit) > 1 else BLOCK / MEBIBYTE
        sent = 0.0
        while sent < amount and not connection.is_over and await connection.send(block):
            sent += step
            tally.amount = int(sent)
        await connection.end()


async def _long_header(target: Target, amount: int, tally: Tally) -> None:
    await _pour(request(target, "GET", "/health")[:-2] + b"X-Long: ", b"x", target, amount, tally)


async def _long_header_of_handshake(target: Target, amount: int, tally: Tally) -> None:
    await _pour(handshake(target, "/ws")[:-2] + b"X-Long: ", b"x", target, amount, tally)


async def _many_headers(target: Target, amount: int, tally: Tally) -> None:
    await _pour(request(target, "GET", "/health")[:-2], b"a: b\r\n", target, amount, tally)


ATTACKS = (
    Attack("one long header", Unit.MEBIBYTES, _long_header, full=100, quick=30, ends=REFUSED),
    Attack(
        "a handshake's long header",
        Unit.MEBIBYTES,
        _long_header_of_handshake,
        full=100,
        quick=30,
        ends=REFUSED,
    ),
    Attack("many headers", Unit.HEADERS, _many_headers, full=1_500_000, quick=400_000, ends=REFUSED),
    Attack(
        "a long address", Unit.MEBIBYTES, partial(_pour, b"GET /", b"a"), full=100, quick=30, ends=REFUSED
    ),
    Attack(
        "a long name of a header",
        Unit.MEBIBYTES,
        partial(_pour, b"GET / HTTP/1.1\r\nHost: x\r\n", b"a"),
        full=100,
        quick=30,
        ends=REFUSED,
    ),
    Attack("a long method", Unit.MEBIBYTES, partial(_pour, b"", b"A"), full=100, quick=30, ends=REFUSED),
)
