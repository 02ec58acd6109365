"""Memory that the C library keeps although nobody uses it."""

import ctypes
import sys


def return_freed_memory() -> None:
    """Give pages back that were freed between others in use; only glibc keeps them, and can be told."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
