"""Origins of web pages: which of them may use the server from a browser."""

import re
from collections.abc import Sequence

ANY = "*"
LOCAL = ("http://localhost:*", "https://localhost:*", "http://127.0.0.1:*", "https://127.0.0.1:*")
"""Pages served by this machine."""

_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\]))(?::(\d{1,5}|\*))?")
_FORM = (
    "{!r} is not an origin; one is written https://chat.example.org or http://localhost:5173, without a "
    "path; :* stands for any port, and * alone for every origin"
)


def parse_origins(text: str) -> tuple[str, ...]:
    """Return the origins of a list with commas.

    Raises:
        ValueError: One of them is invalid, or `*` is combined with others.
    """
    origins = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    if ANY in origins and len(origins) > 1:
        raise ValueError("* allows every origin, which contradicts the others: leave it or them out")
    for origin in origins:
        if origin != ANY and not _ORIGIN.fullmatch(origin):
            raise ValueError(_FORM.format(origin))
    return origins


def pattern(origins: Sequence[str]) -> str:
    """Return a regular expression that matches every `Origin` header the origins allow."""
    return "|".join(_alternative(origin) for origin in origins) or r"(?!)"


def _alternative(origin: str) -> str:
    if origin == ANY:
        return ".*"
    if origin.endswith(":*"):
        return re.escape(origin.removesuffix(":*")) + r"(:\d+)?"
    return re.escape(origin)
