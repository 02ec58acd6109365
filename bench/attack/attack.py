"""What an attack is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from bench.attack.wire import Tally, Target


class Unit(StrEnum):
    """What an attack sends much of."""

    FRAMES = "frames"
    MESSAGES = "messages"
    REQUESTS = "requests"
    SOCKETS = "sockets"
    MEBIBYTES = "MiB"
    HEADERS = "headers"


@dataclass(frozen=True)
class Attack:
    """One way to disturb others.

    Attributes:
        name: Its name.
        unit: What `amount` counts.
        run: Does it: with a target, an amount and the tally that it keeps; may be cancelled at any moment.
        full: The amount of a measurement.
        quick: The amount of a short one.
        ends: How its connections may end, where a first word stands for all that begin with it; empty if all
            ways are right, also that they go on.
        descriptors: Open files that the server may have; None for as many as usual.
    """

    name: str
    unit: Unit
    run: Callable[[Target, int, Tally], Awaitable[None]]
    full: int
    quick: int
    ends: frozenset[str] = frozenset()
    descriptors: int | None = None

    def forbidden(self, tally: Tally) -> list[str]:
        """Return the ways in which connections ended that may not end so."""
        return sorted(end for end in tally.ends if self.ends and not self.ends & {end, end.partition(" ")[0]})
