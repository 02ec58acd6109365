"""Whether there is enough disk space for a model."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.models.cache import CachedModel


def require_space(target: CachedModel, size_bytes: int) -> None:
    """Check that the disk can take a model; makes the model's directory.

    Args:
        target: Where the model goes.
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
        f"The disk of {directory} is too full for the {size_bytes / 1e6:.0f} MB of the model.",
        "Free some space, or choose another directory with --cache-dir.",
    )


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn a failure to write into an error about the model that goes to a path."""
    try:
        yield
    except OSError as error:
        raise VoicechatError(
            ErrorCode.DISK,
            f"The model can't be written to {path}: {error.strerror or error}.",
            "Free some space or allow writing there, or choose another directory with --cache-dir.",
        ) from error
