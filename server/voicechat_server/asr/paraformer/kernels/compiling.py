"""How kernels are compiled, and where."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba
import structlog

_P = ParamSpec("_P")
_R = TypeVar("_R")

_config: Any = numba.config
log = structlog.stdlib.get_logger(__name__)


def compiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile a function that other kernels call; it becomes part of them."""
    result: Callable[_P, _R] = _compile(function, no_cpython_wrapper=True)
    return result


def entry(function: Callable[_P, _R], cache: Path | None) -> Callable[_P, _R]:
    """Compile a function for this processor when it is first called; it runs without the interpreter's lock.

    Args:
        function: What to compile.
        cache: Directory where what was compiled is kept for the next start; None to compile it anew.
    """
    result: Callable[_P, _R]
    if cache is None:
        result = _compile(function)
        return result
    # Numba notices a change of the function's own file, but not of those whose kernels became part of it.
    directory, before = cache / _version(), _config.CACHE_DIR
    _config.CACHE_DIR = str(directory)
    try:
        result = _compile(function, cache=True)
    except RuntimeError as error:
        log.warning("kernels are compiled at every start", directory=str(directory), reason=str(error))
        result = _compile(function)
    finally:
        _config.CACHE_DIR = before
    return result


def _compile(function: Callable[..., Any], **options: bool) -> Any:
    return numba.njit(nogil=True, fastmath=True, error_model="numpy", **cast("Any", options))(function)


def _version() -> str:
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
