"""Writing a file that a person asked for, without overwriting anything."""

import os
import re
import unicodedata
from itertools import count
from pathlib import Path

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.language import _

LONGEST_BYTES = 200
"""What a name may take in UTF-8; file systems have 255, of which a number and an ending need some."""

_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(\..*)?", re.IGNORECASE)
"""What Windows takes for a device, whatever ending it has."""


def safe_name(text: str) -> str:
    """Return a text as the name of a file on any system: no path, no device, nothing hidden, not too long."""
    kept = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    name = _NOT_IN_NAMES.sub("-", " ".join(kept.split()))
    name = name.encode("utf-8", "ignore")[:LONGEST_BYTES].decode("utf-8", "ignore").strip(" .")
    # One that begins with a hyphen would be an option of the next command.
    return f"_{name}" if not name or name[0] == "-" or _RESERVED.fullmatch(name) else name


def can_create(wanted: Path) -> bool:
    """Tell whether `create` may succeed, for what is to be written only later."""
    if wanted.is_dir():
        return False
    return (wanted.exists() and not wanted.is_file()) or os.access(wanted.parent, os.W_OK)


def create(wanted: Path, content: bytes) -> Path:
    """Write a new file, and return where: `name-2.md` if there is a `name.md`, and so on.

    Anything but a regular file, such as a pipe or a device, has nothing to lose and is written to.

    Args:
        wanted: Where it should be.
        content: All that will be in it.

    Raises:
        VoicechatError: `disk` if it can't be written; nothing is left of it then.
    """
    try:
        if wanted.exists() and not wanted.is_file() and not wanted.is_dir():
            wanted.write_bytes(content)
            return wanted
        return _created(wanted, content)
    except OSError as error:
        raise VoicechatError(
            ErrorCode.DISK,
            _("{path} can't be written: {reason}.", path=wanted, reason=error.strerror or error),
            _("Free up space there, or choose a directory that you can write to."),
        ) from error


def _created(wanted: Path, content: bytes) -> Path:
    for number in count(1):
        path = wanted if number == 1 else wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
        # Whoever else writes the same name at the same time gets another one.
        try:
            file = path.open("xb")
        except FileExistsError:
            continue
        try:
            with file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return path
    raise AssertionError
