"""The pace of replayed audio, on a clock that is told."""

import math
from collections.abc import AsyncIterator

import numpy as np
import pytest

from tests.support.fake_clock import FakeClock
from voicechat_common.audio import Samples
from voicechat_tui.sources.pacing import SteadyClock, paced

RATE = 16_000


async def hundred_ms_packets(count: int) -> AsyncIterator[Samples]:
    for _ in range(count):
        yield np.zeros(RATE // 10, np.int16)


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.5])
async def test_packets_come_when_their_last_sample_was_spoken(speed: float) -> None:
    clock = FakeClock()
    times = [clock.now() - 1000 async for _ in paced(hundred_ms_packets(20), RATE, speed, clock)]
    assert times == pytest.approx([0.1 * (count + 1) / speed for count in range(20)])


async def test_late_timers_do_not_add_up() -> None:
    clock = FakeClock(lateness=0.004)
    times = [clock.now() - 1000 async for _ in paced(hundred_ms_packets(600), RATE, 1.0, clock)]
    assert times[-1] == pytest.approx(60.0, abs=0.0041)


async def test_a_held_up_taker_is_caught_up_with() -> None:
    clock = FakeClock()
    times = []
    async for _ in paced(hundred_ms_packets(30), RATE, 1.0, clock):
        times.append(clock.now() - 1000)
        if len(times) == 5:
            clock.time += 1.0
    assert times[5] == pytest.approx(1.5)
    assert times[10] == pytest.approx(1.5)
    assert times[-1] == pytest.approx(3.0)


async def test_at_full_speed_nothing_waits() -> None:
    clock = FakeClock()
    packets = [packet async for packet in paced(hundred_ms_packets(50), RATE, math.inf, clock)]
    assert len(packets) == 50
    assert set(clock.sleeps) == {0.0}


async def test_the_real_clock_runs() -> None:
    clock = SteadyClock()
    begin = clock.now()
    await clock.sleep(0.02)
    assert 0.019 < clock.now() - begin < 1.0
