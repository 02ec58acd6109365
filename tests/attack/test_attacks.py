"""Every attack of `python -m bench.attack` in miniature, beside people who speak and write."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.attack import (
    descriptors,
    floods,
    fuzz,
    heads,
    requests,
    rooms,
    silent,
    sockets,
    streams,
    unfinished,
)
from bench.attack.attack import Attack, Unit
from bench.attack.honest import undisturbed
from bench.attack.noticed import Noticed
from bench.attack.rounds import Battlefield, launch
from bench.attack.server import MOST_GROWTH, Holdings, WatchedServer
from bench.attack.wire import Tally
from tests.attack.conftest import CROWD

STALL_S = 5.0
"""An ack that takes so long was kept from its owner, whatever else the machine does."""

AMOUNTS = {
    Unit.FRAMES: 30_000,
    Unit.MESSAGES: 2_000,
    Unit.HEADERS: 50_000,
    Unit.MEBIBYTES: 124,
    Unit.REQUESTS: 400,
    Unit.SOCKETS: 60,
}
SMALLER = {
    **{attack.name: 4 for attack in heads.ATTACKS if attack.unit is Unit.MEBIBYTES},
    "histories unread": 10,
    "typing in a room of 200": 10_000,
}
"""What is large as it is."""

FAMILIES = {
    "floods": floods.ATTACKS,
    "rooms": rooms.ATTACKS,
    "heads": heads.ATTACKS,
    "unfinished": unfinished.ATTACKS,
    "requests": requests.ATTACKS,
    "streams": streams.ATTACKS,
    "sockets": sockets.ATTACKS,
    "fuzz": fuzz.ATTACKS,
}


def assert_nobody_felt(noticed: Noticed) -> None:
    assert noticed.cuts == []
    assert noticed.wrong == []
    assert noticed.delay_s(1) < STALL_S


async def assert_nothing_is_left(server: WatchedServer, before: Holdings) -> None:
    after = await asyncio.to_thread(server.settled, before)
    assert after.is_as(before), (before, after)
    assert after.grown(before) <= MOST_GROWTH, (before, after)
    assert server.tracebacks() == 0, server.log.read_text(encoding="utf-8")[-4000:]


async def one_by_one(server: WatchedServer, attacks: Sequence[Attack]) -> list[Tally]:
    amounts = [SMALLER.get(attack.name, AMOUNTS[attack.unit]) for attack in attacks]
    return [await launch(attack, server, amount) for attack, amount in zip(attacks, amounts, strict=True)]


@pytest.mark.parametrize("family", FAMILIES)
async def test_nobody_else_feels(family: str, field: Battlefield) -> None:
    attacks = FAMILIES[family]
    before = await asyncio.to_thread(field.server.settled)
    tallies, noticed = await field.beside(one_by_one(field.server, attacks))
    assert_nobody_felt(noticed)
    assert {attack.name: attack.forbidden(tally) for attack, tally in zip(attacks, tallies, strict=True)} == {
        attack.name: [] for attack in attacks
    }
    await assert_nothing_is_left(field.server, before)


async def test_who_says_nothing_is_gone_in_time(field: Battlefield) -> None:
    """All kinds at once, since the server waits for some of them half a minute."""
    before = await asyncio.to_thread(field.server.settled)
    all_at_once = asyncio.gather(*(launch(attack, field.server, 20) for attack in silent.ATTACKS))
    tallies, noticed = await field.beside(all_at_once)
    assert_nobody_felt(noticed)
    for attack, tally in zip(silent.ATTACKS, tallies, strict=True):
        assert attack.forbidden(tally) == [], attack.name
    await assert_nothing_is_left(field.server, before)


async def test_a_server_without_descriptors_says_so_once_and_goes_on(tmp_path: Path) -> None:
    (attack,) = descriptors.ATTACKS
    limit = ("--descriptors", str(attack.descriptors))
    with WatchedServer(tmp_path, *limit, "--resume-grace-s", "1") as server:
        field = Battlefield(server, CROWD, await undisturbed(server.address))
        before = await asyncio.to_thread(server.settled)
        tally, noticed = await field.beside(launch(attack, server, descriptors.FILES * 2))
        assert_nobody_felt(noticed)
        assert attack.forbidden(tally) == []
        await assert_nothing_is_left(server, before)
        assert server.log.read_bytes().count(b"\n") <= 1
