"""Programs that pip can't install and some tests need: sound servers, terminals, image builders."""

import os
import shutil

import pytest


def require(*programs: str, package: str) -> None:
    """Skip a test on a machine that lacks a program; in CI, which installs them all, fail it.

    Args:
        programs: Names to be found on PATH.
        package: The Debian packages that bring them.
    """
    absent = [name for name in programs if shutil.which(name) is None]
    if not absent:
        return
    reason = f"{', '.join(absent)} not found; on Debian: apt install {package}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
