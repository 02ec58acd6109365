"""The clock of the running event loop, moved by a test instead of by time."""

import asyncio

import pytest


class LoopClock:
    """Time stands still in the running event loop until a test moves it.

    Args:
        patch: Gives the loop its own time back after the test.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._now = asyncio.get_running_loop().time()
        patch.setattr(asyncio.get_running_loop(), "time", lambda: self._now)

    async def move(self, seconds: float) -> None:
        """Let time pass, and whatever was due by then happen."""
        # A timer is due from its very moment on, which a sum of fractions may miss.
        self._now += seconds + 1e-6
        await turns()


async def turns(count: int = 5) -> None:
    """Let everything else that can go on have its turn, so many times."""
    for _ in range(count):
        await asyncio.sleep(0)
