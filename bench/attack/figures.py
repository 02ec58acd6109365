"""What was measured, as it stands in the JSON file, and the bounds that it has to keep."""

from pydantic import BaseModel

from bench.attack.attack import Attack, Unit
from bench.attack.noticed import Noticed
from bench.attack.server import MOST_GROWTH, Holdings
from bench.attack.wire import Tally

MOST_DELAY_S = 0.5
MOST_LOG_BYTES = 64 * 1024
"""Of one attack: a stranger must not fill a disk."""


class RoundFigures(BaseModel):
    """One attack, once.

    Attributes:
        attack: Its name.
        turn: How often it had been made before on the same server, from 1 on.
        amount: What was sent, in `unit`.
        unit: What `amount` counts.
        sockets: Connections that the attacker opened.
        ends: How these ended.
        seconds: How long it took.
        acks: Acknowledgements that the honest got meanwhile.
        delay_ms_p99: How long these took, at the 99th percentile.
        delay_ms_worst: The longest.
        texts: Recordings of the honest that were recognised.
        cuts: Honest connections that were cut, or could not be opened.
        before: What the server held before the first turn.
        after: What it held after this one, when it had come to rest.
        log_bytes: How much longer its log became.
        tracebacks: Faults that it logged.
        wrong: Bounds that were broken.
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
    """How something developed, by linear regression.

    Attributes:
        first: Where the line begins.
        last: Where it ends.
        per_hour: How steep it is.
    """

    first: float
    last: float
    per_hour: float


class SoakFigures(BaseModel):
    """All attacks in turn, again and again, beside the same honest people.

    Attributes:
        seconds: How long.
        attacks: How many were made.
        acks: Acknowledgements that the honest got.
        resident_mb: The server's memory.
        descriptors: Its open files.
        delay_ms_p99: How long acknowledgements took, at the 99th percentile of each minute.
        wrong: Bounds that were broken.
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
        """Whether no bound was broken."""
        return not (any(figures.wrong for figures in self.rounds) or (self.soak and self.soak.wrong))


def broken(attack: Attack, tally: Tally, noticed: Noticed, before: Holdings, after: Holdings) -> list[str]:
    """Return the bounds that were broken, each as a short sentence; the log aside."""
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
