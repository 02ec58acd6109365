"""What may be shown of a text that somebody else wrote: nothing that a terminal or an editor obeys.

Every function here replaces characters one by one, so that places in a text stay what they were.
"""

import re

DIRECTION_CONTROLS = "\u202a-\u202e\u2066-\u2069"
"""For a class of a regular expression: these reorder what follows, which then reads as what it is not."""

_LINE_ENDS = "\u2028\u2029"
# Lone surrogates can be neither encoded nor written to a file; the last two codes are not characters.
_UNSAFE_EVERYWHERE = f"\x7f-\x9f{DIRECTION_CONTROLS}{_LINE_ENDS}\u206a-\u206f\ud800-\udfff\ufffe\uffff"
_UNSAFE = re.compile(f"[\x00-\x1f{_UNSAFE_EVERYWHERE}]")
_UNSAFE_IN_LINES = re.compile(f"[\x00-\x08\x0b-\x1f{_UNSAFE_EVERYWHERE}]")
# Marks change the direction of what has none of its own, such as the punctuation of JSON.
_UNSAFE_IN_JSON = re.compile(f"[{_UNSAFE_EVERYWHERE}\u061c\u200e\u200f\ufeff]")


def printable(text: str) -> str:
    """Return a text for one line: a space stands for each control character and each end of a line.

    What somebody else wrote must neither move the cursor, nor turn a line around, nor begin another one.
    """
    return text if text.isprintable() else _UNSAFE.sub(" ", text)


def printable_lines(text: str) -> str:
    """Return a text that may have several lines, and tabs; else it is as `printable` says."""
    return text if text.isprintable() else _UNSAFE_IN_LINES.sub(" ", text)


def escaped(json: str) -> str:
    r"""Return a JSON text in which what no terminal should see is written as `\uXXXX`; it says the same."""
    if json.isascii() and "\x7f" not in json:
        return json
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", json)
