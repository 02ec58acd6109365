"""How kernels are compiled, and where."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import ParamSpec, TypeVar

import numba
import structlog

_P = ParamSpec("_P")
_R = TypeVar("_R")

log = structlog.stdlib.get_logger(__name__)


def compiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile a function that other kernels call; it becomes part of them."""
    result: Callable[_P, _R] = numba.njit(
        nogil=True, fastmath=True, error_model="numpy", no_cpython_wrapper=True
    )(function)
    return result


def entry(function: Callable[_P, _R], cache: Path | None) -> Callable[_P, _R]:
    """Compile a function for this processor when it is first called; it runs without the interpreter's lock.

    Args:
        function: What to compile.
        cache: Directory where what was compiled is kept for the next start; None to compile it anew.
    """
    options = {"nogil": True, "fastmath": True, "error_model": "numpy"}
    if cache is None:
        alone: Callable[_P, _R] = numba.njit(**options)(function)
        return alone
    # Numba notices a change of the function's own file, but not of those whose kernels became part of it.
    directory, before = cache / _version(), numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(directory)
    try:
        result: Callable[_P, _R] = numba.njit(cache=True, **options)(function)
    except RuntimeError as error:
        log.warning("kernels are compiled anew at every start", directory=str(directory), reason=str(error))
        result = numba.njit(**options)(function)
    finally:
        numba.config.CACHE_DIR = before
    return result


def _version() -> str:
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
