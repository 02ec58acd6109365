"""The file of the keys: who has it can make tokens for everybody, so nobody but its owner may read it."""

import json
import os
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.identity.keys import Keys, keys_as_json, keys_of_json, new_keys

_PRIVATE = 0o600
_ANOTHER_PLACE = "or name another place with --key-file or VOICECHAT_KEY_FILE."

Mark = tuple[int, int, int]
"""By what a changed file is noticed: its inode, its size and its time of change in nanoseconds."""


@dataclass(frozen=True)
class KeyFile:
    """A file of keys, which need not exist yet."""

    path: Path

    def load(self) -> Keys:
        """Return the keys.

        Raises:
            VoicechatError: `bad_setting`: there is none, others may read it, or it has no usable keys.
        """
        try:
            about = self.path.stat()
            if not stat.S_ISREG(about.st_mode):
                raise _unusable(self.path, "it is not a regular file")
            if sys.platform != "win32" and about.st_mode & 0o077:
                raise _readable_by_others(self.path)
            return keys_of_json(json.loads(self.path.read_text(encoding="utf-8")))
        except OSError as error:
            raise _unreadable(self.path, error) from error
        except ValueError as error:
            # What the parser says of a text would quote it.
            why = "it is not JSON" if isinstance(error, json.JSONDecodeError | UnicodeError) else str(error)
            raise _unusable(self.path, why) from error

    def load_or_create(self) -> tuple[Keys, bool]:
        """Return the keys, and whether they were made just now.

        Raises:
            VoicechatError: `bad_setting`: the file can't be used or written.
        """
        if self.path.exists():
            return self.load(), False
        try:
            with self._lock():
                if self.path.exists():
                    return self.load(), False
                keys = new_keys()
                self._write(keys)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        return keys, True

    def rotate(self, *, keep: bool) -> Keys:
        """Add a new key, which signs from now on, and return all of them.

        Args:
            keep: Whether tokens of the old keys stay valid.

        Raises:
            VoicechatError: `bad_setting`: the file can't be used or written.
        """
        try:
            with self._lock():
                keys = self.load().rotated(keep=keep)
                self._write(keys)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        return keys

    def mark(self) -> Mark | None:
        """Return what differs once the file has been changed; None while there is none."""
        try:
            about = self.path.stat()
        except OSError:
            return None
        return about.st_ino, about.st_size, about.st_mtime_ns

    def _lock(self) -> FileLock:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(f"{self.path}.lock", mode=_PRIVATE)

    def _write(self, keys: Keys) -> None:
        """Replace the file at once; readers see the old keys or the new ones."""
        descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(keys_as_json(keys), file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _unusable(path: Path, why: str) -> VoicechatError:
    return VoicechatError(
        ErrorCode.BAD_SETTING,
        f"The key file {path} can't be used: {why}.",
        f"Restore it from a backup, or move it away, which makes every token invalid; {_ANOTHER_PLACE}",
    )


def _readable_by_others(path: Path) -> VoicechatError:
    return VoicechatError(
        ErrorCode.BAD_SETTING,
        f"The key file {path} may be read by other users, who could make themselves any token.",
        f"Run: chmod 600 {path}. If somebody may have read it: voicechat-server keys rotate --forget",
    )


def _unreadable(path: Path, error: OSError) -> VoicechatError:
    return VoicechatError(
        ErrorCode.BAD_SETTING,
        f"The key file {path} can't be read: {error.strerror}.",
        f"Let the server's user read it, {_ANOTHER_PLACE}",
    )


def _unwritable(path: Path, error: OSError) -> VoicechatError:
    return VoicechatError(
        ErrorCode.BAD_SETTING,
        f"The key file {path} can't be written: {error.strerror}.",
        f"Let the server's user write its directory, {_ANOTHER_PLACE}",
    )
