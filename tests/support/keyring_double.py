"""A keyring for tests: a file in place of the system's, or one that is locked and never answers.

`PYTHON_KEYRING_BACKEND` names one of its classes; the real library finds it there, in the process that asks.
"""

import json
import os
import threading
from pathlib import Path

from keyring.backend import KeyringBackend

FILE_VARIABLE = "TESTS_KEYRING_FILE"


class Open(KeyringBackend):
    """A keyring that keeps what it gets, in the file that the environment names."""

    priority = 5

    @property
    def _file(self) -> Path:
        return Path(os.environ[FILE_VARIABLE])

    def _all(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self._file.read_text()) if self._file.exists() else {}
        return found

    def get_password(self, service: str, username: str) -> str | None:
        return self._all().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._file.write_text(json.dumps({**self._all(), f"{service} {username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        rest = {key: value for key, value in self._all().items() if key != f"{service} {username}"}
        self._file.write_text(json.dumps(rest))


class Silent(Open):
    """A keyring that waits for an answer that nobody gives."""

    def get_password(self, service: str, username: str) -> str | None:
        threading.Event().wait()
        return None

    set_password = delete_password = get_password  # type: ignore[assignment]


class Asking(Open):
    """A keyring that asks for its password on the terminal."""

    def get_password(self, service: str, username: str) -> str | None:
        import getpass

        return getpass.getpass("Keyring: ")

    set_password = delete_password = get_password  # type: ignore[assignment]


class Failing(Open):
    """A keyring that raises what no library foresees, with the secret in it."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise LookupError(f"can't keep {password}")
