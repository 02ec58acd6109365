"""When to try again after a setback, and when to give up."""

from random import Random

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.client.policy import ConnectionPolicy

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

    def opened(self, now: float) -> None:
        """The server has introduced itself. If the connection lasts, it ends the outage."""
        self.established = True
        self._opened_at = now

    def recovered(self) -> None:
        """The connection works: the next setback begins a new outage."""
        self._since = None
        self._attempts = 0
        self._refusals = 0

    def delay(self, error: VoicechatError, now: float) -> float | None:
        """Return the seconds until the next attempt, or None if there should be none.

        Args:
            error: What went wrong.
            now: Seconds of any steady clock.
        """
        if self._opened_at is not None and now - self._opened_at >= self._policy.stable_s:
            self.recovered()
        self._opened_at = None
        if error.code not in _PASSING:
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
        if error.retry_after_s is not None:
            return min(error.retry_after_s, policy.longest_asked_s)
        if error.code is ErrorCode.BUSY:
            return policy.busy_wait_s
        longest = min(policy.first_delay_s * 2.0 ** (self._attempts - 1), policy.longest_delay_s)
        return longest * self._random.uniform(0.5, 1.0)
