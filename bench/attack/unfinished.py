"""Frames and messages that are never finished, each large, from many connections at once."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial

from bench.attack.attack import Attack, Unit
from bench.attack.floods import CHAT, SPEECH, STREAM, enter
from bench.attack.wire import (
    BINARY,
    CONTINUATION,
    TEXT,
    Connection,
    Tally,
    Target,
    connected,
    frame,
    frame_head,
)

MEBIBYTE = 1 << 20
SIZE = 31
"""MiB of each; those of a frame begin with its head."""

REFUSED = frozenset({"1008 too_slow", "1009 frame_too_large", "1013 busy", "503", "refused"})
"""How such connections end, each with its reason."""

_block = bytes(MEBIBYTE)


async def _unfinished(
    place: str, opcode: int, in_pieces: bool, target: Target, amount: int, tally: Tally
) -> None:
    """Send most of something large on each of many connections, and hold it.

    Args:
        place: Where.
        opcode: Of the frames.
        in_pieces: Whether it is a message of whole frames without an end, or one frame.
        target: What to attack.
        amount: How many MiB in all.
        tally: Updated.
    """
    async with AsyncExitStack() as stack:
        held = []
        for _ in range(-(-amount // SIZE)):
            try:
                held.append(await stack.enter_async_context(connected(target, tally)))
            except OSError:
                continue
        await asyncio.gather(*(_pour(each, place, opcode, in_pieces, target, tally) for each in held))
        await asyncio.gather(*(each.end() for each in held))


async def _pour(
    connection: Connection, place: str, opcode: int, in_pieces: bool, target: Target, tally: Tally
) -> None:
    if not await enter(connection, target, place):
        return
    if not in_pieces:
        await connection.send(frame_head(opcode, SIZE * MEBIBYTE))
    for number in range(SIZE - 1):
        data = frame(CONTINUATION if number else opcode, _block, fin=False) if in_pieces else _block
        if not await connection.send(data):
            return
        tally.amount += 1


_places = {"/ws": SPEECH, "a stream": STREAM, "/chatting": CHAT}
_kinds = {"texts": TEXT, "audio": BINARY}

ATTACKS = tuple(
    Attack(
        f"unfinished {kind}{' in pieces' if in_pieces else ''} to {place}",
        Unit.MEBIBYTES,
        partial(_unfinished, path, opcode, in_pieces),
        full=125 * SIZE,
        quick=10 * SIZE,
        ends=REFUSED,
    )
    for place, path in _places.items()
    for kind, opcode in _kinds.items()
    for in_pieces in (False, True)
)
