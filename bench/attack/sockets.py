"""Floods of connections that come and go."""

import asyncio
import itertools
import socket
import struct
from collections.abc import Callable
from functools import partial

from bench.attack.attack import Attack, Unit
from bench.attack.wire import Tally, Target, handshake, request

_AT_ONCE = 50
_ADDRESSES = 16
"""Addresses to come from, since each has only so many ports, and a port rests after its use."""

Bytes = Callable[[Target], bytes]


async def _come_and_go(first: Bytes, abrupt: bool, target: Target, amount: int, tally: Tally) -> None:
    """Connect, send something, and go, again and again.

    Args:
        first: What is sent.
        abrupt: Whether the connection is reset, and not closed.
        target: What to attack.
        amount: How often.
        tally: Updated.
    """
    data = first(target)
    addresses = itertools.cycle(f"127.0.3.{number}" for number in range(1, _ADDRESSES + 1))
    loop = asyncio.get_running_loop()
    left = amount

    async def work() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            with socket.socket() as raw:
                raw.setblocking(False)
                try:
                    raw.bind((next(addresses), 0))
                    await loop.sock_connect(raw, (target.host, target.port))
                    tally.sockets += 1
                    tally.amount += 1
                    if data:
                        await loop.sock_sendall(raw, data)
                except OSError:
                    tally.ends["refused"] += 1
                    await asyncio.sleep(0.01)
                    continue
                if abrupt:
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))


_kinds: dict[str, Bytes] = {
    "nothing": lambda _: b"",
    "a request": lambda target: request(target, "GET", "/health"),
    "a handshake": lambda target: handshake(target, "/ws"),
}

ATTACKS = tuple(
    Attack(
        f"{'reset' if abrupt else 'closed'} after {name}",
        Unit.SOCKETS,
        partial(_come_and_go, first, abrupt),
        full=8_000 if name != "a handshake" else 2_000,
        quick=2_000 if name != "a handshake" else 500,
    )
    for name, first in _kinds.items()
    for abrupt in (False, True)
)
