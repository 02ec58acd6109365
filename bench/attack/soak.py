"""All attacks in turn, for long, beside people who stay."""

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence

import numpy as np

from bench.attack.attack import Attack
from bench.attack.figures import MOST_DELAY_S, SlopeFigures, SoakFigures
from bench.attack.noticed import Noticed
from bench.attack.rounds import Battlefield, launch
from bench.attack.server import MOST_GROWTH, Holdings

PART = 5
"""How many times smaller an attack is than in a short run: many are better than large ones."""
ATTACK_LASTS_S = 20.0
LOOKS_EVERY_S = 5.0
WINDOW_S = 60.0
"""Time of one percentile."""
_HOUR_S = 3600.0

Look = tuple[float, Holdings]


async def soak(
    field: Battlefield, attacks: Sequence[Attack], seconds: float, log: Callable[[str], None]
) -> SoakFigures:
    """Attack for so long; return how things developed.

    Args:
        field: The server.
        attacks: What is done, in turn.
        seconds: For how long.
        log: Takes a sentence about each.
    """
    before = await asyncio.to_thread(field.server.settled)
    honest = field.honest()
    await honest.begin()
    looks: list[Look] = []
    watching = asyncio.create_task(_watch(field, looks))
    began = time.monotonic()
    made = 0
    for attack in itertools.cycle(attacks):
        if time.monotonic() - began > seconds:
            break
        await launch(attack, field.server, max(1, attack.quick // PART), ATTACK_LASTS_S)
        made += 1
        log(f"{time.monotonic() - began:.0f} of {seconds:.0f} s: {attack.name}")
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    lasted = time.monotonic() - began
    noticed = await honest.finish()
    after = await asyncio.to_thread(field.server.settled, before)
    memory = _slope([(at, held.resident_mb) for at, held in looks])
    return SoakFigures(
        seconds=lasted,
        attacks=made,
        acks=len(noticed.acks),
        resident_mb=memory,
        descriptors=_slope([(at, float(held.descriptors)) for at, held in looks]),
        delay_ms_p99=_slope(_percentiles(noticed)),
        wrong=_broken(noticed, memory, before, after),
    )


def _broken(noticed: Noticed, memory: SlopeFigures, before: Holdings, after: Holdings) -> list[str]:
    wrong = [f"honest cut ({cut})" for cut in noticed.cuts[:3]] + noticed.wrong[:3]
    if noticed.delay_s(0.99) > MOST_DELAY_S:
        wrong.append("acks late")
    if memory.last > memory.first * (1 + MOST_GROWTH):
        wrong.append("memory grew")
    if not after.is_as(before):
        wrong.append("descriptors, tasks or threads were left")
    return wrong


async def _watch(field: Battlefield, looks: list[Look]) -> None:
    while True:
        looks.append((time.monotonic(), await asyncio.to_thread(field.server.holdings)))
        await asyncio.sleep(LOOKS_EVERY_S)


def _percentiles(noticed: Noticed) -> list[tuple[float, float]]:
    """Return the 99th percentile of the delays of each minute, in milliseconds."""
    found: list[tuple[float, float]] = []
    for window, acks in itertools.groupby(sorted(noticed.acks), lambda ack: ack[0] // WINDOW_S):
        found.append((window * WINDOW_S, 1000 * Noticed(acks=list(acks)).delay_s(0.99)))
    return found


def _slope(points: Sequence[tuple[float, float]]) -> SlopeFigures:
    """Lay a line through points in time, in seconds."""
    at, values = np.array(points, np.float64).T
    at = at - at[0]
    if len(points) < 2:
        return SlopeFigures(first=float(values[0]), last=float(values[0]), per_hour=0.0)
    steepness, height = np.polyfit(at, values, 1)
    return SlopeFigures(
        first=float(height), last=float(height + steepness * at[-1]), per_hour=float(steepness) * _HOUR_S
    )
