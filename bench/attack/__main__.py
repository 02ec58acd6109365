"""What strangers might try, and whether anybody else notices.

    python -m bench.attack                     every attack, three times each, at full size
    python -m bench.attack --quick             every attack once, smaller
    python -m bench.attack --only pings        one attack; can be given several times
    python -m bench.attack --soak 3600         all in turn for an hour, with slopes

Each attack runs in a separate process, alongside 8 people who speak and 20 who write, on loopback only.
Their acks must arrive within 500 ms at the 99th percentile, none of them may be cut off, and their texts
must be those of an undisturbed run. Afterwards the server's memory must be back to within 5 %, and its
descriptors, tasks and threads to exactly what they were. The exit status is 1 if any of this fails.
"""

import argparse
import asyncio
import resource
import sys
import time
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.attack.attack import Attack
from bench.attack.catalog import ATTACKS, BY_NAME
from bench.attack.figures import Figures
from bench.attack.honest import Crowd, undisturbed
from bench.attack.rounds import Battlefield
from bench.attack.server import WatchedServer
from bench.attack.soak import soak
from bench.attack.table import HEAD, row, soaked, summary

WARMS_UP_S = 6.0
# The server keeps the state of cut-off clients this long, for their return; then all of it must be gone.
SERVER_OPTIONS = ("--resume-grace-s", "5")


def main() -> int:
    """Attack, and print the figures; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.attack", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--quick", action="store_true", help="every attack once, smaller")
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="this attack; more than once for more"
    )
    parser.add_argument("--rounds", type=int, help="how often each [3; 1 with --quick]")
    parser.add_argument("--soak", type=float, metavar="SECONDS", help="attack for so long, with slopes")
    parser.add_argument("--speakers", type=int, default=Crowd.speakers)
    parser.add_argument("--chatters", type=int, default=Crowd.chatters)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--list", action="store_true", help="name the attacks, and do nothing")
    options = parser.parse_args()
    if options.list:
        print(*BY_NAME, sep="\n")
        return 0
    if unknown := [name for name in options.only or () if name not in BY_NAME]:
        parser.error(f"no attack is called {unknown[0]!r}; --list names all")
    chosen = [attack for attack in ATTACKS if not options.only or attack.name in options.only]
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    figures = Figures(quick=options.quick)
    crowd = Crowd(options.speakers, options.chatters)
    if options.soak:
        asyncio.run(_soak(figures, chosen, crowd, options.soak))
    else:
        print(HEAD, flush=True)
        turns = options.rounds or (1 if options.quick else 3)
        asyncio.run(_attack(figures, chosen, crowd, turns))
        print(summary(figures))
    if options.json:
        options.json.write_text(figures.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return 0 if figures.is_good else 1


async def _attack(figures: Figures, attacks: Sequence[Attack], crowd: Crowd, turns: int) -> None:
    """Make each attack as often as requested, those with the same descriptor limit on the same server."""
    left = len(attacks) * turns
    began = time.monotonic()
    for descriptors, group in groupby(attacks, lambda attack: attack.descriptors):
        limit = ("--descriptors", str(descriptors)) if descriptors else ()
        with TemporaryDirectory() as scratch, WatchedServer(Path(scratch), *limit, *SERVER_OPTIONS) as server:
            field = Battlefield(server, crowd, await undisturbed(server.address))
            await field.warm_up(WARMS_UP_S)
            for attack in group:
                before = await asyncio.to_thread(server.settled)
                for turn in range(turns):
                    amount = attack.quick if figures.quick else attack.full
                    figures.rounds.append(await field.round(attack, turn + 1, amount, before))
                    print(row(figures.rounds[-1]), flush=True)
                    left -= 1
                    _log(f"{time.monotonic() - began:.0f} s, {left} attacks left")


async def _soak(figures: Figures, attacks: Sequence[Attack], crowd: Crowd, seconds: float) -> None:
    usual = [attack for attack in attacks if attack.descriptors is None]
    with TemporaryDirectory() as scratch, WatchedServer(Path(scratch), *SERVER_OPTIONS) as server:
        field = Battlefield(server, crowd, await undisturbed(server.address))
        await field.warm_up(WARMS_UP_S)
        figures.soak = await soak(field, usual, seconds, _log)
    print(soaked(figures.soak))


def _log(sentence: str) -> None:
    if sys.stderr.isatty():
        print(f"{sentence:78.78}", file=sys.stderr, end="\r", flush=True)


if __name__ == "__main__":
    sys.exit(main())
