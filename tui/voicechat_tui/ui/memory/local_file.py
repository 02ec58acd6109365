"""The file of what the app remembers, shared by all apps of a login."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from pydantic import ValidationError

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.files import atomic
from voicechat_tui.language import _
from voicechat_tui.ui.memory.remembered import Contents

LOCKED_WITHIN_S = 2.0
"""How long to wait for another app to finish writing, which takes milliseconds; a person may be waiting."""


def load(path: Path) -> tuple[Contents, VoicechatError | None]:
    """Return the file's contents; an unusable file counts as empty, and the error says what became of it."""
    try:
        try:
            contents = _parsed(path)
        except ValidationError:
            with _held(path):
                return _read_or_put_aside(path)
    except OSError as error:
        return _empty(), _unreadable(path, error)
    return contents.without_logins(), _rid_of_logins(path) if contents.has_logins else None


def look(path: Path) -> Contents | None:
    """Return the file's contents, or None if it is unusable, which the next write will report."""
    with suppress(OSError, ValidationError):
        return _read(path)
    return None


def written_at(path: Path) -> int | None:
    """Return when the file was written last, in nanoseconds; None if it can't be seen."""
    with suppress(OSError):
        return path.stat().st_mtime_ns
    return None


def update(path: Path, change: Callable[[Contents], Contents]) -> None:
    """Change the file's contents under the lock.

    Args:
        path: The file; it need not exist.
        change: Returns the new contents, given the current ones.

    Raises:
        OSError: If it can't be read and written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _held(path):
        atomic.replace(path, change(_read_or_put_aside(path)[0]).model_dump_json())


@contextmanager
def _held(path: Path) -> Iterator[None]:
    from filelock import FileLock  # Slow to import, and nothing is written before the first frame is drawn.

    with FileLock(path.with_suffix(".lock"), timeout=LOCKED_WITHIN_S, mode=0o600):
        yield


def _empty() -> Contents:
    return Contents(version=2)


def _read(path: Path) -> Contents:
    return _parsed(path).without_logins()


def _parsed(path: Path) -> Contents:
    with suppress(FileNotFoundError):
        return Contents.model_validate_json(path.read_bytes())
    return _empty()


def _read_or_put_aside(path: Path) -> tuple[Contents, VoicechatError | None]:
    try:
        return _read(path), None
    except ValidationError:
        aside = next(free for number in count(1) if not (free := path.with_suffix(f".old{number}")).exists())
        path.rename(aside)
        return _empty(), _put_aside(path, aside)


def _rid_of_logins(path: Path) -> VoicechatError | None:
    """Remove at once the logins that an earlier version wrote into the file."""
    try:
        update(path, lambda there: there)
    except OSError as error:
        return _unusable(_("{path} can't be written: {reason}.", path=path, reason=error.strerror or error))
    return None


def _put_aside(path: Path, aside: Path) -> VoicechatError:
    return VoicechatError(
        ErrorCode.DISK,
        _("{path} is damaged or from another version; it is now {aside}.", path=path, aside=aside.name),
        _("Look there for texts that were not sent."),
    )


def _unreadable(path: Path, error: OSError) -> VoicechatError:
    return _unusable(_("{path} can't be read: {reason}.", path=path, reason=error.strerror or error))


def _unusable(message: str) -> VoicechatError:
    return VoicechatError(
        ErrorCode.DISK,
        message,
        _("Make the file readable and writable, or name another directory with VOICECHAT_TUI_DATA."),
    )
