"""Making untrusted text safe to show: it keeps nothing that a terminal or an editor would interpret.

Every function here replaces characters one by one, so that positions in a text stay valid.
"""

import re

DIRECTION_CONTROLS = "\u202a-\u202e\u2066-\u2069"
"""For a character class: these reorder what follows, so that it reads as something else."""

_LINE_ENDS = "\u2028\u2029"
# Lone surrogates can be neither encoded nor written to a file; the last two codes are not characters.
_UNSAFE_EVERYWHERE = f"\x7f-\x9f{DIRECTION_CONTROLS}{_LINE_ENDS}\u206a-\u206f\ud800-\udfff\ufffe\uffff"
_UNSAFE = re.compile(f"[\x00-\x1f{_UNSAFE_EVERYWHERE}]")
_UNSAFE_IN_LINES = re.compile(f"[\x00-\x08\x0b-\x1f{_UNSAFE_EVERYWHERE}]")
# Marks change the direction of neutral characters, such as the punctuation of JSON.
_UNSAFE_IN_JSON = re.compile(f"[{_UNSAFE_EVERYWHERE}\u061c\u200e\u200f\ufeff]")


def printable(text: str) -> str:
    """Return a text as one line: a space replaces each control character and each line break.

    Untrusted text must not move the cursor, reverse a line, or start another one.
    """
    return text if text.isprintable() else _UNSAFE.sub(" ", text)


def printable_lines(text: str) -> str:
    """Return a text that may have several lines, and tabs; otherwise like `printable`."""
    return text if text.isprintable() else _UNSAFE_IN_LINES.sub(" ", text)


def escaped(json: str) -> str:
    r"""Return an equivalent JSON text in which anything unsafe for a terminal is written as `\uXXXX`."""
    if json.isascii() and "\x7f" not in json:
        return json
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", json)
