"""Sanitising what a server says: printable and within bounds, whoever the server is.

Everything that comes from a server passes through here first, so that nothing afterwards has to worry about
what a text may do to a terminal, or a number to a computation.
"""

from itertools import islice
from typing import TypeVar

from pydantic import BaseModel
from pydantic_core import from_json

from voicechat_common.printable import printable, printable_lines

LONGEST_LINE = 2_000
"""The most characters of a one-line text, such as an error's; longer ones are truncated."""
LONGEST_TEXT = 20_000
"""The most characters of a message. Chats accept less now, but earlier servers stored longer speech."""
MOST_ENTRIES = 10_000
"""The most entries of a list, such as the people in a chat; the rest is left out."""
LARGEST_NUMBER = 2**53
"""A number beyond this, or NaN, counts as not given."""

_OF_SEVERAL_LINES = frozenset({"content"})
_ELLIPSIS = "…"

BodyT = TypeVar("BodyT", bound=BaseModel)


def heard(value: object, field: str = "") -> object:
    """Return a JSON value, sanitised.

    Args:
        value: The value, with everything in it.
        field: The name of the field it is in.
    """
    if isinstance(value, str):
        return _text(value, field)
    if isinstance(value, dict):
        return {printable(key): heard(each, key) for key, each in islice(value.items(), MOST_ENTRIES)}
    if isinstance(value, list):
        return [heard(each, field) for each in value[:MOST_ENTRIES]]
    if isinstance(value, int | float):
        # Every comparison with NaN is false.
        return value if -LARGEST_NUMBER <= value <= LARGEST_NUMBER else None
    return value


def heard_body(kind: type[BodyT], body: bytes | bytearray) -> BodyT:
    """Return the body of an answer.

    Raises:
        ValueError: It is not JSON, or of the wrong type.
    """
    return kind.model_validate(heard(from_json(body)))


def _text(text: str, field: str) -> str:
    if field in _OF_SEVERAL_LINES:
        if not text.isprintable():
            text = printable_lines(text.replace("\r\n", "\n").replace("\u2028", "\n").replace("\u2029", "\n"))
        return _cut(text, LONGEST_TEXT)
    return _cut(printable(text), LONGEST_LINE)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + _ELLIPSIS
