"""Waiting for what happens outside this process."""

import os
import select
import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

WITHIN_S = 600.0
"""So long does no test wait that goes well, however busy the machine: what takes longer hangs."""

LOOKS_EVERY_S = 0.02
"""What announces itself to nobody is looked for so often: without a pause, looking kept a whole core busy."""

_never = Event()

T = TypeVar("T")


def until(happened: Callable[[], T | None], complaint: Callable[[], str]) -> T:
    """Ask until the answer is true, and return it; only for what announces itself to nobody.

    Args:
        happened: What is asked.
        complaint: What to say of it if it never comes true.
    """
    deadline = time.monotonic() + WITHIN_S
    while not (answer := happened()):
        assert time.monotonic() < deadline, complaint()
        _never.wait(LOOKS_EVERY_S)
    return answer


def wait_for_end_of(pid: int) -> None:
    """Return once a process has ended, whoever has started it."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ended, _, _ = select.select([process], [], [], WITHIN_S)
    finally:
        os.close(process)
    assert ended, f"process {pid} has not ended"
