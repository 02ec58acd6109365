"""Attacks on other people in a chat."""

import asyncio
from contextlib import AsyncExitStack

from bench.attack.attack import Attack, Unit
from bench.attack.floods import SHOWN_OUT
from bench.attack.wire import TEXT, Tally, Target, connected, frame, request

PEOPLE = 200
_ROOM = "/chatting?id=crowded&user="
_ON, _OFF = (frame(TEXT, b'{"type":"typing","is_typing":%b}' % value) for value in (b"true", b"false"))
_MESSAGE = frame(TEXT, b'{"type":"message","content":"%b"}' % (b"x" * 4000))
_TOGETHER = 256


async def _crowd(stack: AsyncExitStack, target: Target) -> None:
    """Fill the room with readers, each from a different address."""
    own = Tally()
    for number in range(PEOPLE):
        place = Target(target.host, target.port, f"127.0.2.{1 + number // 10}")
        connection = await stack.enter_async_context(connected(place, own))
        await connection.upgrade(place, f"{_ROOM}p{number}")


async def _typing(target: Target, amount: int, tally: Tally) -> None:
    """Start and stop typing, all the time, in a crowded room."""
    async with AsyncExitStack() as stack:
        await _crowd(stack, target)
        while tally.amount < amount:
            try:
                async with connected(target, tally) as eve:
                    await eve.upgrade(target, f"{_ROOM}eve")
                    while tally.amount < amount and await eve.send((_ON + _OFF) * (_TOGETHER // 2)):
                        tally.amount += _TOGETHER
                    await eve.end()
            except OSError:
                await asyncio.sleep(0.1)


async def _presence(target: Target, amount: int, tally: Tally) -> None:
    """Come and go, all the time, in a crowded room."""
    async with AsyncExitStack() as stack:
        await _crowd(stack, target)
        for _ in range(amount):
            tally.amount += 1
            try:
                async with connected(target, tally) as eve:
                    await eve.upgrade(target, f"{_ROOM}eve", reads=False)
            except OSError:
                await asyncio.sleep(0.01)


async def _never_reads(target: Target, amount: int, tally: Tally) -> None:
    """Sit in busy chats, and never read."""
    async with AsyncExitStack() as stack:
        for number in range(8):
            deaf = await stack.enter_async_context(connected(target, tally))
            await deaf.upgrade(target, f"/chatting?id=loud&user=deaf{number}", reads=False)
        loud = await stack.enter_async_context(connected(target, tally))
        await loud.upgrade(target, "/chatting?id=loud&user=loud")
        while tally.amount < amount and await loud.send(_MESSAGE):
            tally.amount += 1


async def _history(target: Target, amount: int, tally: Tally) -> None:
    """Request the whole history, again and again, and never read it."""
    async with AsyncExitStack() as stack:
        for number in range(amount):
            tally.amount += 1
            try:
                connection = await stack.enter_async_context(connected(target, tally))
            except OSError:
                continue
            if number % 2:
                await connection.upgrade(target, f"/chatting?id=loud&user=late{number}", reads=False)
            else:
                await connection.send(request(target, "GET", "/chat/loud?limit=1000"))
        await asyncio.sleep(1)


ATTACKS = (
    Attack("typing in a room of 200", Unit.FRAMES, _typing, full=20_000, quick=8_000, ends=SHOWN_OUT),
    Attack("coming and going", Unit.SOCKETS, _presence, full=2_000, quick=300),
    Attack("never reading", Unit.MESSAGES, _never_reads, full=10_000, quick=2_000),
    Attack("histories unread", Unit.SOCKETS, _history, full=200, quick=50),
)
