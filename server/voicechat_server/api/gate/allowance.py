"""How often something may be done: so often at once, and so often a second in the long run."""


class Allowance:
    """A token bucket.

    Args:
        rate: What is added, in units a second.
        burst: What it holds at most, and at the beginning.
        now: The time, in seconds of a clock that never goes back.
    """

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._then = now

    def spend(self, now: float) -> bool:
        """Take one unit out, or return False if there is none."""
        self._left = min(self._burst, self._left + (now - self._then) * self._rate)
        self._then = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
