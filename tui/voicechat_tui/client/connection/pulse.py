"""Whether a connection is alive, and how fast it is: pings and their answers."""

from voicechat_common.errors import VoicechatError
from voicechat_common.protocol.speech import Ping, Pong
from voicechat_tui.client.connection import failures
from voicechat_tui.client.connection.policy import ConnectionPolicy


class Pulse:
    """The pulse of one connection after another.

    Args:
        policy: The limits.
    """

    def __init__(self, policy: ConnectionPolicy) -> None:
        self._policy = policy
        self._heard_at = 0.0
        self._asked_at = 0.0
        self._asked = 0
        self._is_due = False

    def connected(self, now: float) -> None:
        """A connection is open."""
        self._heard_at = self._asked_at = now
        self._is_due = False

    def heard(self, now: float) -> None:
        """The server said something."""
        self._heard_at = now

    def check(self, now: float, *, is_open: bool) -> VoicechatError | None:
        """Return why the connection is to be given up, if it is.

        Args:
            now: Seconds of any steady clock.
            is_open: Whether the server has introduced itself.
        """
        policy = self._policy
        silent_s = now - self._heard_at
        if not is_open:
            return failures.no_answer(policy.open_s) if silent_s >= policy.open_s else None
        if silent_s >= policy.dead_after_s:
            return failures.dead(policy.dead_after_s)
        last = self._asked_at if policy.measures else max(self._asked_at, self._heard_at)
        if now - last >= policy.ping_after_s:
            self.ask(now)
        return None

    def ask(self, now: float) -> None:
        """Measure the connection now."""
        self._asked_at = now
        self._is_due = True

    def next_message(self) -> Ping | None:
        """Return a ping if one is due."""
        if not self._is_due:
            return None
        self._is_due = False
        self._asked += 1
        return Ping(id=self._asked if self._policy.measures else None)

    def delay_ms(self, pong: Pong, now: float) -> float | None:
        """Return the round trip in milliseconds if a pong answers the last ping, else None."""
        return round(1000 * (now - self._asked_at), 1) if pong.id == self._asked else None
