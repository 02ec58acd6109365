"""Making the parts of a text that are meant for programs readable."""

import re
from datetime import datetime

_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)")
_LONG_ID = re.compile(r"(?<![\w-])([0-9a-f]{8})(?:[0-9a-f]{24}|(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![\w-])")


def readable(text: str) -> str:
    """Return a text with its times in local time and its long ids shortened."""
    return _LONG_ID.sub(r"\1…", _TIME.sub(_local, text))


def is_long_id(text: str) -> bool:
    """Return whether a text is nothing but a long id, which means nothing to people."""
    return _LONG_ID.fullmatch(text) is not None


def _local(found: re.Match[str]) -> str:
    return f"{datetime.fromisoformat(found[0]).astimezone():%Y-%m-%d %H:%M}"
