"""Memory of the process, and what the C library keeps of it unused."""

import ctypes
import os
import sys
from pathlib import Path

WORTH_ASKING_BYTES = 16 * 1024 * 1024

ASKED_EVERY_S = 10.0

ASKED_FOR_S = 120.0
"""Memory may stay in use for a while, such as that of an answer that is not read."""


def return_freed_memory() -> None:
    """Give freed pages between used ones back to the system; only glibc keeps them, and has a call for it."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def resident_bytes() -> int:
    """Return the resident memory of the process, in bytes; 0 where no file of the system has it."""
    if sys.platform != "linux":
        return 0
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


class GrownMemory:
    """Tracks how the process's memory has grown since its minimum."""

    def __init__(self) -> None:
        self._known = 0
        self._grew_at = self._asked_at = float("-inf")

    def is_worth_asking(self, resident: int, now: float) -> bool:
        """Return whether to ask now, given the memory of the process.

        After it has grown, the library is asked periodically for a while; what is left then is in use.

        Args:
            resident: The resident memory of the process, in bytes.
            now: The time, in seconds of a monotonic clock.
        """
        self._known = min(self._known or resident, resident)
        if resident >= self._known + WORTH_ASKING_BYTES:
            self._known = resident
            self._grew_at = now
        is_wanted = now - self._grew_at < ASKED_FOR_S and now - self._asked_at >= ASKED_EVERY_S
        if is_wanted:
            self._asked_at = now
        return is_wanted
