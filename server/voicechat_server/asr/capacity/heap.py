"""Memory of the process, and what the C library keeps of it although nobody uses it."""

import ctypes
import os
import sys
from pathlib import Path


def return_freed_memory() -> None:
    """Give pages back that were freed between others in use; only glibc keeps them, and can be told."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def resident_bytes() -> int:
    """Return how much memory the process has; 0 where the system does not say so in a file."""
    if sys.platform != "linux":
        return 0
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
