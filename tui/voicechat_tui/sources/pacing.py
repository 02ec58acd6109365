"""Pacing recorded audio like speech."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Protocol

from voicechat_common.audio import Samples


class Clock(Protocol):
    """A steady clock that can also wait."""

    def now(self) -> float:
        """Return seconds since any fixed moment."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class SteadyClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Return seconds since any fixed moment."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait, letting everything else run."""
        await asyncio.sleep(seconds)


async def paced(
    packets: AsyncIterator[Samples], rate: int, speed: float, clock: Clock
) -> AsyncGenerator[Samples, None]:
    """Yield each packet at the moment its last sample would have been spoken.

    The moments are relative to the first call, so that delays do not add up: a late packet is followed
    sooner by the next.

    Args:
        packets: The audio.
        rate: Samples per second.
        speed: How many times faster than real time; infinite for as fast as the packets are taken.
        clock: The clock to go by.
    """
    begin = clock.now()
    position = 0
    async for packet in packets:
        position += len(packet)
        due = begin + position / (rate * speed)
        await clock.sleep(max(0.0, due - clock.now()))
        yield packet
