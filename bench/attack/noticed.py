"""What honest people notice while others attack."""

from dataclasses import dataclass, field

from websockets.exceptions import WebSocketException

LOST = (OSError, WebSocketException, TimeoutError)
"""What ends a connection that should have gone on."""

PATIENCE_S = 120.0
"""How long an honest client waits for anything before it counts it as lost."""

PAUSE_S = 0.2
"""Before it tries again."""


@dataclass
class Noticed:
    """What honest people noticed.

    Attributes:
        acks: When each acknowledgement came, by `time.monotonic`, and how many seconds it took: of audio from
            the sending of the last sample that it covers, of a message from its sending.
        cuts: What ended connections that should have gone on, or kept them from being opened.
        texts: How many recordings were recognised.
        wrong: Texts that are not those of an undisturbed recording, and messages that were lost or doubled.
    """

    acks: list[tuple[float, float]] = field(default_factory=list)
    cuts: list[str] = field(default_factory=list)
    texts: int = 0
    wrong: list[str] = field(default_factory=list)

    def delay_s(self, part: float) -> float:
        """Return how long acknowledgements took, at a percentile between 0 and 1; 0 without any."""
        delays = sorted(delay for _, delay in self.acks)
        return delays[min(len(delays) - 1, int(len(delays) * part))] if delays else 0.0
