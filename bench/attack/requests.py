"""Many HTTP requests, small and large."""

import asyncio
from collections.abc import Callable
from functools import partial

from bench.attack.attack import Attack, Unit
from bench.attack.wire import Tally, Target, blocks_of, connected, request

_AT_ONCE = 8
"""Connections that send at the same time."""
_JSON = "Content-Type: application/json"

Bytes = Callable[[Target], bytes]


async def _ask(one: Bytes, reads: bool, target: Target, amount: int, tally: Tally) -> None:
    """Send the same request again and again, without waiting for an answer.

    Args:
        one: Makes the request.
        reads: Whether the answers are read.
        target: What to attack.
        amount: How many.
        tally: Updated.
    """
    block, count = blocks_of(one(target))

    async def ask(share: int) -> None:
        sent = tries = 0
        while sent < share and tries < share:
            tries += 1
            try:
                async with connected(target, tally) as connection:
                    if reads:
                        connection.read()
                    while sent < share and not connection.is_over and await connection.send(block):
                        sent += count
                        tally.amount += count
                    await connection.end(1.0)
            except OSError:
                await asyncio.sleep(0.1)

    await asyncio.gather(*(ask(amount // _AT_ONCE) for _ in range(_AT_ONCE)))


async def _unread(target: Target, amount: int, tally: Tally) -> None:
    """Request a lot, and read nothing, until the server accepts no more."""
    try:
        async with asyncio.timeout(5):
            await _ask(_documents, False, target, amount, tally)
    except TimeoutError:
        return


def _health(target: Target) -> bytes:
    return request(target, "GET", "/health")


def _documents(target: Target) -> bytes:
    return request(target, "GET", "/openapi.json")


def _unknown(target: Target) -> bytes:
    return request(target, "GET", "/there/is/nothing")


def _large_body(target: Target) -> bytes:
    return request(target, "POST", "/chat", _JSON, body=b" " * 60_000 + b"{}")


def _too_large_body(target: Target) -> bytes:
    return request(target, "POST", "/chat", _JSON, "Connection: close", body=b" " * (1 << 20))


def _tiny_chunks(target: Target) -> bytes:
    return (
        request(target, "POST", "/chat", _JSON, "Transfer-Encoding: chunked")
        + b"1\r\n \r\n" * 10_000
        + b"0\r\n\r\n"
    )


def _messages(target: Target) -> bytes:
    body = b'{"user_id": "eve", "content": "spam"}'
    return request(target, "POST", "/chat/spammed/messages", _JSON, body=body)


_kinds: dict[str, tuple[Bytes, int, int]] = {
    "GET /health": (_health, 10_000, 3_000),
    "GET of nothing": (_unknown, 10_000, 3_000),
    "large bodies": (_large_body, 2_000, 300),
    "bodies that are too large": (_too_large_body, 500, 80),
    "bodies in tiny chunks": (_tiny_chunks, 400, 80),
    "messages to no chat": (_messages, 5_000, 1_000),
}

ATTACKS = (
    *(
        Attack(name, Unit.REQUESTS, partial(_ask, one, True), full=full, quick=quick)
        for name, (one, full, quick) in _kinds.items()
    ),
    Attack("answers unread", Unit.REQUESTS, _unread, full=5_000, quick=1_000),
)
