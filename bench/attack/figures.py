"""What was measured, in the form of the JSON file, and the bounds it has to satisfy."""

from pydantic import BaseModel

from bench.attack.attack import Attack, Unit
from bench.attack.noticed import Noticed
from bench.attack.server import MOST_GROWTH, Holdings
from bench.attack.wire import Tally

MOST_DELAY_S = 0.5
MOST_LOG_BYTES = 64 * 1024
"""Per attack: a stranger must not fill a disk."""


class RoundFigures(BaseModel):
    """One attack, once.

    Attributes:
        attack: Its name.
        turn: Which repetition on the same server this is, from 1.
        amount: What was sent, in `unit`.
        unit: What `amount` counts.
        sockets: Connections that the attacker opened.
        ends: How these ended.
        seconds: How long it took.
        acks: Acknowledgements that honest people got meanwhile.
        delay_ms_p99: How long these took, at the 99th percentile.
        delay_ms_worst: The longest.
        texts: Recordings of honest people that were recognised.
        cuts: Honest connections that were cut off, or could not be opened.
        before: What the server held before the first turn.
        after: What it held after this one, once it had settled.
        log_bytes: How much longer its log became.
        tracebacks: Tracebacks that it logged.
        wrong: Bounds that were violated.
    """

    attack: str
    turn: int
    amount: int
    unit: Unit
    sockets: int
    ends: dict[str, int]
    seconds: float
    acks: int
    delay_ms_p99: float
    delay_ms_worst: float
    texts: int
    cuts: int
    before: Holdings
    after: Holdings
    log_bytes: int
    tracebacks: int
    wrong: list[str]


class SlopeFigures(BaseModel):
    """How something changed over time, by linear regression.

    Attributes:
        first: Where the line begins.
        last: Where it ends.
        per_hour: How steep it is.
    """

    first: float
    last: float
    per_hour: float


class SoakFigures(BaseModel):
    """All attacks in turn, again and again, alongside the same honest people.

    Attributes:
        seconds: How long.
        attacks: How many were made.
        acks: Acknowledgements that the honest got.
        resident_mb: The server's memory.
        descriptors: Its open files.
        delay_ms_p99: How long acknowledgements took, at the 99th percentile of each minute.
        wrong: Bounds that were violated.
    """

    seconds: float
    attacks: int
    acks: int
    resident_mb: SlopeFigures
    descriptors: SlopeFigures
    delay_ms_p99: SlopeFigures
    wrong: list[str]


class Figures(BaseModel):
    """One run.

    Attributes:
        quick: Whether it was a short one.
        rounds: The attacks.
        soak: The soak, if there was one.
    """

    quick: bool
    rounds: list[RoundFigures] = []
    soak: SoakFigures | None = None

    def total(self, *units: Unit) -> int:
        """Return how much was sent in all."""
        return sum(figures.amount for figures in self.rounds if figures.unit in units)

    @property
    def sockets(self) -> int:
        """How many connections attackers opened in all."""
        return sum(figures.sockets for figures in self.rounds)

    @property
    def is_good(self) -> bool:
        """Whether no bound was violated."""
        return not (any(figures.wrong for figures in self.rounds) or (self.soak and self.soak.wrong))


def broken(attack: Attack, tally: Tally, noticed: Noticed, before: Holdings, after: Holdings) -> list[str]:
    """Return the bounds that were violated, each as a short sentence; except for the log."""
    wrong = []
    if noticed.delay_s(0.99) > MOST_DELAY_S:
        wrong.append("acks late")
    if noticed.cuts:
        wrong.append(f"honest cut ({noticed.cuts[0]})")
    wrong += noticed.wrong[:3]
    if after.grown(before) > MOST_GROWTH:
        wrong.append(f"memory {after.grown(before):+.0%}")
    if not after.is_as(before):
        wrong.append(
            f"left: {after.descriptors - before.descriptors} descriptors, "
            f"{after.tasks - before.tasks} tasks, {after.threads - before.threads} threads"
        )
    if forbidden := attack.forbidden(tally):
        wrong.append(f"attacker's connections ended {', '.join(forbidden)}")
    return wrong
