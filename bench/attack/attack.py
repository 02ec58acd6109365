"""The definition of an attack."""

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
        run: Performs it on a target, with an amount and a tally to update; may be cancelled at any moment.
        full: The amount for a full measurement.
        quick: The amount for a short one.
        ends: How its connections may end; a first word stands for every end that begins with it. Empty if
            any end is fine, even none.
        descriptors: How many open files the server may have; None for the usual limit.
    """

    name: str
    unit: Unit
    run: Callable[[Target, int, Tally], Awaitable[None]]
    full: int
    quick: int
    ends: frozenset[str] = frozenset()
    descriptors: int | None = None

    def forbidden(self, tally: Tally) -> list[str]:
        """Return the ends of connections that are not allowed."""
        return sorted(end for end in tally.ends if self.ends and not self.ends & {end, end.partition(" ")[0]})
