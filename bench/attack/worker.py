"""An attacker's process: it makes one attack, and prints what it did as a line of JSON.

python -m bench.attack.worker NAME HOST PORT AMOUNT SECONDS
"""

import asyncio
import json
import os
import resource
import sys
import time

from bench.attack.attack import Attack
from bench.attack.catalog import BY_NAME
from bench.attack.wire import Tally, Target

NICENESS = 10
"""A real attacker has another machine; here it leaves the processors to those that it attacks."""


async def attack(which: Attack, target: Target, amount: int, seconds: float) -> Tally:
    """Attack with an amount, for so long at most."""
    tally = Tally()
    began = time.monotonic()
    try:
        async with asyncio.timeout(seconds):
            await which.run(target, amount, tally)
    except TimeoutError:
        pass
    tally.seconds = time.monotonic() - began
    return tally


def main() -> None:
    """Attack, and print what it did."""
    _, name, host, port, amount, seconds = sys.argv
    os.nice(NICENESS)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    tally = asyncio.run(attack(BY_NAME[name], Target(host, int(port)), int(amount), float(seconds)))
    print(json.dumps(vars(tally)), flush=True)


if __name__ == "__main__":
    main()
