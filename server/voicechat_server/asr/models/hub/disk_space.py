"""Whether the disk takes a model."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.models.cache import CachedModel


def require_space(target: CachedModel, size_bytes: int) -> None:
    """Find out whether a model can be downloaded as far as the disk is concerned; makes its directory.

    Args:
        target: Where the model is to be.
        size_bytes: About how large it is.

    Raises:
        VoicechatError: `disk`: nothing can be written there, or there is too little space.
    """
    directory = target.path.parent
    with disk_errors(target.path):
        directory.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=directory):
            pass
        here = sum(file.stat().st_size for file in target.partial.glob("*"))
        if shutil.disk_usage(directory).free < size_bytes - here:
            raise no_space(directory, size_bytes)


def no_space(directory: Path, size_bytes: int) -> VoicechatError:
    """Return the error of a disk that is too full for a model."""
    return VoicechatError(
        ErrorCode.DISK,
        f"The disk of {directory} has no room for the {size_bytes / 1e6:.0f} MB of the model.",
        "Free some space, or choose another directory with --cache-dir.",
    )


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Say what a failure to write means for the model that is to be at a path."""
    try:
        yield
    except OSError as error:
        raise VoicechatError(
            ErrorCode.DISK,
            f"The model can't be written to {path}: {error.strerror or error}.",
            "Free some space or allow writing there, or choose another directory with --cache-dir.",
        ) from error
