"""The system's keyring, which may be missing, locked, or ask a question that nobody sees."""

import json
import os
import sys
from typing import Any

from voicechat_tui.language import _

WITHIN_S = 5.0
"""How long a keyring may take where nobody can answer its questions."""
ANSWERED_WITHIN_S = 60.0
"""How long somebody may take to unlock it, where there is a desktop for the question."""


class KeyringError(Exception):
    """The keyring can't be used; the text says why."""


def stored(server: str) -> str | None:
    """Return the token of a server, or None if the keyring has none.

    Raises:
        KeyringError: If the keyring can't be used.
    """
    return _asked({"do": "get", "server": server})


def store(server: str, token: str) -> None:
    """Keep the token of a server.

    Raises:
        KeyringError: If the keyring can't be used, or did not keep it.
    """
    if _asked({"do": "set", "server": server, "token": token}) != token:
        raise KeyringError(_("it did not keep the token"))


def delete(server: str) -> None:
    """Forget the token of a server, if there is one.

    Raises:
        KeyringError: If the keyring can't be used.
    """
    _asked({"do": "delete", "server": server})


def _asked(request: dict[str, Any]) -> str | None:
    # Only those who have logged in need a process, and its module takes a while to import.
    import subprocess

    within_s = ANSWERED_WITHIN_S if _has_desktop() else WITHIN_S
    try:
        done = subprocess.run(
            # Nothing of the current directory may be taken for a module that gets the token.
            [sys.executable, "-P", "-m", "voicechat_tui.identity.keyring_process"],
            input=json.dumps({**request, "within_s": within_s}),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            timeout=within_s,
            check=True,
            # Without the terminal it can't ask there for a password, and no Ctrl+C reaches it.
            start_new_session=True,
        )
        answer: dict[str, str | None] = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise KeyringError(_("it did not answer within {seconds:g} s", seconds=within_s)) from error
    except (subprocess.CalledProcessError, OSError, ValueError) as error:
        raise KeyringError(_("it failed")) from error
    if problem := answer.get("problem"):
        raise KeyringError(_without(problem, request.get("token")).rstrip("."))
    return answer.get("token")


def _has_desktop() -> bool:
    return sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )


def _without(text: str, token: str | None) -> str:
    return text if token is None else text.replace(token, "***")
