"""A clock that stands still until somebody sleeps on it."""


class FakeClock:
    """Time that passes only by sleeping, always a little late, as real timers are."""

    def __init__(self, lateness: float = 0.0) -> None:
        self.time = 1000.0
        self.lateness = lateness
        self.sleeps: list[float] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        if seconds > 0:
            self.time += seconds + self.lateness
