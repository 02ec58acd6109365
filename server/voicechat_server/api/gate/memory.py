"""When the C library is to be asked for memory that it keeps although it was freed."""

WORTH_ASKING_BYTES = 16 * 1024 * 1024

ASKED_EVERY_S = 10.0

ASKED_FOR_S = 120.0
"""What took the memory may be in use for a while, such as an answer that is not read."""


class GrownMemory:
    """How much memory the process has grown since it was at its smallest."""

    def __init__(self) -> None:
        self._known = 0
        self._grew_at = self._asked_at = float("-inf")

    def is_worth_asking(self, resident_bytes: int, now: float) -> bool:
        """Take the memory of the process; return whether to ask now.

        When it has grown, the library is asked now and then for a while: what is left after that is in use.

        Args:
            resident_bytes: What the process has.
            now: The time, in seconds of a clock that never goes back.
        """
        self._known = min(self._known or resident_bytes, resident_bytes)
        if resident_bytes >= self._known + WORTH_ASKING_BYTES:
            self._known = resident_bytes
            self._grew_at = now
        is_wanted = now - self._grew_at < ASKED_FOR_S and now - self._asked_at >= ASKED_EVERY_S
        if is_wanted:
            self._asked_at = now
        return is_wanted
