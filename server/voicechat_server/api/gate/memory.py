"""When to ask the C library to return freed memory that it keeps."""

WORTH_ASKING_BYTES = 16 * 1024 * 1024

ASKED_EVERY_S = 10.0

ASKED_FOR_S = 120.0
"""Memory may stay in use for a while, such as that of an answer that is not read."""


class GrownMemory:
    """Tracks how the process's memory has grown since its minimum."""

    def __init__(self) -> None:
        self._known = 0
        self._grew_at = self._asked_at = float("-inf")

    def is_worth_asking(self, resident_bytes: int, now: float) -> bool:
        """Return whether to ask now, given the memory of the process.

        After it has grown, the library is asked periodically for a while; what is left then is in use.

        Args:
            resident_bytes: The resident memory of the process.
            now: The time, in seconds of a monotonic clock.
        """
        self._known = min(self._known or resident_bytes, resident_bytes)
        if resident_bytes >= self._known + WORTH_ASKING_BYTES:
            self._known = resident_bytes
            self._grew_at = now
        is_wanted = now - self._grew_at < ASKED_FOR_S and now - self._asked_at >= ASKED_EVERY_S
        if is_wanted:
            self._asked_at = now
        return is_wanted
