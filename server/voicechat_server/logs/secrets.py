"""Keeps tokens out of the log, wherever they come from: an address, a header, an exception, a library."""

import re

from structlog.typing import EventDict, WrappedLogger

HIDDEN = "***"

_SIGNED = re.compile(r"eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,4}")
"""What is signed begins with the base64 of `{"`; a text that was cut off counts too."""

_GIVEN = re.compile(r"(?i)((?:[?&#](?:token|invitation)=)|(?:\bbearer[ .]))[^\s\"'&\\]+")
"""Whatever else was given where a token belongs."""


def without_secrets(text: str) -> str:
    """Return a text without the tokens and invitations in it."""
    return _GIVEN.sub(rf"\1{HIDDEN}", _SIGNED.sub(HIDDEN, text))


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Leave the tokens out of the values of a log line."""
    return {key: without_secrets(value) if isinstance(value, str) else value for key, value in event.items()}
