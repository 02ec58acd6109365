"""The file of the logins: for whom there is a token, and the token itself where there is no keyring."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.files import atomic, paths
from voicechat_tui.language import _

LOCKED_WITHIN_S = 5.0
"""How long to wait for another command to finish writing, which takes milliseconds."""

_OTHERS = 0o077


class Login(BaseModel):
    """One login.

    Attributes:
        name: The name that the server knows the person by; None if it did not say.
        token: The token; None if it is in the system's keyring.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    name: str | None = None
    token: str | None = Field(None, repr=False)


class Logins(BaseModel):
    """All logins, by server."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    version: Literal[1] = 1
    servers: dict[str, Login] = {}


def login_file() -> Path:
    """Return the file, which need not exist."""
    return paths.data_dir() / "logins.json"


def read() -> Logins:
    """Return the logins; none if there is no file.

    Raises:
        VoicechatError: `bad_setting` if the file can't be read, or others can read it too.
    """
    path = login_file()
    try:
        with path.open("rb") as file:
            if _is_open_to_others(path):
                raise _exposed(path)
            return Logins.model_validate_json(file.read())
    except FileNotFoundError:
        return Logins()
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error
    except ValidationError as error:
        raise _unusable(path, _("it is damaged")) from error


def written_at() -> tuple[int, int]:
    """Return what tells one state of the file from another; it must exist."""
    seen = login_file().stat()
    return seen.st_mtime_ns, seen.st_ino


def update(change: Callable[[Logins], Logins]) -> None:
    """Change the logins under a lock.

    Args:
        change: Returns the new logins, given the present ones.

    Raises:
        VoicechatError: `bad_setting` if the file can't be read or written, or others can read it too.
    """
    path = login_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _held(path):
            atomic.replace(path, change(read()).model_dump_json(exclude_none=True))
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error


@contextmanager
def _held(path: Path) -> Iterator[None]:
    from filelock import FileLock  # Slow to import, and most commands only read.

    with FileLock(path.with_suffix(".lock"), timeout=LOCKED_WITHIN_S, mode=0o600):
        yield


def _is_open_to_others(path: Path) -> bool:
    # Windows keeps a person's directories from others, and tells nothing of it here.
    return sys.platform != "win32" and bool(path.stat().st_mode & _OTHERS)


def _exposed(path: Path) -> VoicechatError:
    return VoicechatError(
        ErrorCode.BAD_SETTING,
        _("Other users of this machine can read {path}, where your logins are kept.", path=path),
        _(
            "Run `chmod 600 {path}`. If somebody may have read it, have your tokens revoked.",
            path=path,
        ),
    )


def _unusable(path: Path, reason: str) -> VoicechatError:
    return VoicechatError(
        ErrorCode.BAD_SETTING,
        _("{path}, where your logins are kept, can't be used: {reason}.", path=path, reason=reason),
        _("Check the file's permissions, or delete it and log in again."),
    )
