"""Memory of the process, and what the C library keeps of it unused."""

import ctypes
import os
import sys
from pathlib import Path


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
