"""When to try again after a setback, and when to give up."""

from random import Random

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.client.connection.policy import ConnectionPolicy

_PASSING = frozenset(
    {
        ErrorCode.SERVER_UNREACHABLE,
        ErrorCode.CONNECTION_LOST,
        ErrorCode.NOT_READY,
        ErrorCode.BUSY,
        ErrorCode.SHUTTING_DOWN,
        ErrorCode.IDLE_TIMEOUT,
        ErrorCode.SLOW_READER,
        ErrorCode.STORAGE,
    }
)


_MOST_DOUBLINGS = 30


def may_pass(error: VoicechatError) -> bool:
    """Return whether the same may succeed a moment later, without anybody changing anything."""
    return error.code in _PASSING


def own_pause(first_s: float, attempts: int, longest_s: float) -> float:
    """Return the pause before one more attempt, in seconds: each is twice the one before, up to the longest.

    Args:
        first_s: The pause after the first attempt.
        attempts: How many there have been, at least one.
        longest_s: The longest pause.
    """
    return min(first_s * 2.0 ** min(attempts - 1, _MOST_DOUBLINGS), longest_s)


def agreed_pause(own_s: float, asked_s: float | None, longest_s: float) -> float:
    """Return the seconds before one more attempt: what a server asks for, and never less than one's own.

    Args:
        own_s: What the client would wait.
        asked_s: What the server asks for, if it does. It may be any number.
        longest_s: The longest pause a server may ask for.
    """
    return own_s if asked_s is None else max(own_s, min(asked_s, longest_s))


class Backoff:
    """Exponential delays with jitter, over one outage at a time.

    Args:
        policy: The limits.
        random: Where the jitter comes from.

    Attributes:
        established: Whether there has ever been a connection over which the server introduced itself.
    """

    def __init__(self, policy: ConnectionPolicy, random: Random) -> None:
        self.established = False
        self._policy = policy
        self._random = random
        self._opened_at: float | None = None
        self._since: float | None = None
        self._attempts = 0
        self._refusals = 0
        self._works = False
        self._pause_s = 0.0

    def opened(self, now: float) -> None:
        """The server has introduced itself. If the connection lasts, it ends the outage."""
        self.established = True
        self._opened_at = now

    def recovered(self) -> None:
        """The connection works: the next setback begins a new outage.

        Its delays begin anew as well, unless the connection is lost sooner than it was waited for: whoever
        answers and hangs up again and again is asked more and more seldom.
        """
        self._since = None
        self._refusals = 0
        self._works = True

    def delay(self, error: VoicechatError, now: float) -> float | None:
        """Return the seconds until the next attempt, or None if there should be none.

        Args:
            error: What went wrong.
            now: Seconds of any steady clock.
        """
        lasted_s = 0.0 if self._opened_at is None else now - self._opened_at
        if lasted_s >= self._policy.stable_s:
            self.recovered()
        if self._works and lasted_s >= self._pause_s:
            self._attempts = 0
        self._works = False
        self._opened_at = None
        if not may_pass(error):
            return None
        self._since = now if self._since is None else self._since
        self._attempts += 1
        if error.code is ErrorCode.BUSY:
            self._refusals += 1
            return self._wait(error) if self._refusals <= self._policy.busy_tries else None
        left = self._since + self._patience(error.code) - now
        return min(self._wait(error), left) if left > 0 else None

    def _patience(self, code: ErrorCode) -> float:
        """Return how many seconds an outage of this kind may last."""
        policy = self._policy
        usual = policy.lost_s if self.established else policy.unreachable_s
        return max(usual, policy.not_ready_s) if code is ErrorCode.NOT_READY else usual

    def _wait(self, error: VoicechatError) -> float:
        policy = self._policy
        longest = own_pause(policy.first_delay_s, self._attempts, policy.longest_delay_s)
        own_s = longest * self._random.uniform(0.5, 1.0)
        if error.code is ErrorCode.BUSY and error.retry_after_s is None:
            own_s = max(own_s, policy.busy_wait_s)
        self._pause_s = agreed_pause(own_s, error.retry_after_s, policy.longest_asked_s)
        return self._pause_s
