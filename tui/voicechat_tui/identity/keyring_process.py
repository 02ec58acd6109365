"""The system's keyring, asked in a process of its own.

A keyring may be locked and wait for a password, hang, or ask on the terminal: all of this ends with a
process.
The library also takes long to import. `identity.system_keyring` is the other end. To start quickly, nothing
else of the client is imported here.

Standard input has a JSON object, standard output gets one: with the token, or with why there is none.
"""

import json
import os
import sys
import threading
from typing import Any

SERVICE = "voicechat-tui"
_LEAST_PRIORITY = 1
"""What the library says of keyrings that are fit for use; others write plain text, or do nothing."""


def main() -> None:
    """Do what is asked."""
    request: dict[str, Any] = json.load(sys.stdin)
    # The client may be gone by then; `os._exit` waits for no keyring.
    limit = threading.Timer(request["within_s"], os._exit, (1,))
    limit.daemon = True
    limit.start()
    try:
        answer = _answer(request)
    except Exception as error:  # noqa: BLE001 - a keyring is anybody's code, and raises what it likes
        answer = {"problem": str(error) or type(error).__name__}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        import keyring
    except ImportError:
        return {"problem": "the package keyring is missing"}
    system, server = keyring.get_keyring(), request["server"]
    # What a keyring says of itself may be a number, or something that compares like one.
    if not float(getattr(system, "priority", 0)) >= _LEAST_PRIORITY:
        return {"problem": "this system has none"}
    match request["do"]:
        case "set":
            system.set_password(SERVICE, server, request["token"])
        case "delete" if system.get_password(SERVICE, server) is not None:
            system.delete_password(SERVICE, server)
    return {"token": system.get_password(SERVICE, server)}


if __name__ == "__main__":
    main()
