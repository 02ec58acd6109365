"""More connections than a server may have open files."""

from bench.attack.attack import Attack, Unit
from bench.attack.silent import ENDED, hold_silent

FILES = 128

ATTACKS = (
    Attack(
        "no descriptors left",
        Unit.SOCKETS,
        hold_silent,
        full=1_000,
        quick=300,
        ends=ENDED,
        descriptors=FILES,
    ),
)
