"""What pip can't install and some tests need: sound servers, terminals, image builders, PortAudio."""

import os
import shutil
from ctypes.util import find_library

import pytest


def require(*programs: str, package: str) -> None:
    """Skip a test on a machine that lacks a program; in CI, which installs them all, fail it.

    Args:
        programs: Names to be found on PATH.
        package: The Debian packages that bring them.
    """
    _refuse([name for name in programs if shutil.which(name) is None], package)


def require_portaudio() -> None:
    """Skip a test on a machine that lacks PortAudio, the library that finds microphones; in CI, fail it."""
    _refuse([] if find_library("portaudio") else ["PortAudio"], "libportaudio2")


def _refuse(absent: list[str], package: str) -> None:
    if not absent:
        return
    reason = f"{', '.join(absent)} not found; on Debian: apt install {package}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
