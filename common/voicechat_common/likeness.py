"""Lookalike names: no two people in a chat may have names that can be mistaken for each other.

Names are compared by the skeletons of Unicode Technical Standard 39, in three ways: as written, with
compatibility characters made plain, and ignoring case. Two names look alike if they match in one of these
ways. The ways don't mix: `Ian` looks like `lan`, and `lan` equals `Lan`, but nobody mistakes `Ian` for
`Lan`. By the standard, `rn` and `m` look alike, and so do `0` and `O`, `1`, `l` and `I`.

Every library that computes skeletons is many times the size of the table in `confusables.txt`.
"""

import unicodedata
from functools import cache, lru_cache
from pathlib import Path

_TABLE = Path(__file__).with_name("confusables.txt")
# Skin tones, which no terminal here shows, and the blank Braille pattern.
_BEYOND_THE_STANDARD = {**dict.fromkeys(range(0x1F3FB, 0x1F400), ""), 0x2800: " "}

Likeness = tuple[str, str, str]
"""A name's skeletons: as written, without compatibility characters, and ignoring case."""


def skeleton(text: str) -> str:
    """Return a text's skeleton: lookalike texts have the same one, and invisible text has none."""
    drawn = unicodedata.normalize("NFD", text).translate(_prototypes())
    return " ".join(unicodedata.normalize("NFD", drawn).split())


@lru_cache(maxsize=1 << 15)
def likeness(name: str) -> Likeness:
    """Return the skeletons of a name; names with the same skeleton in the same position look alike."""
    plain = unicodedata.normalize("NFKC", name)
    return skeleton(name), skeleton(plain), skeleton(plain.casefold()).casefold()


@cache
def _prototypes() -> dict[int, str]:
    # Read only when names are compared, so that it doesn't delay startup.
    table = dict(_BEYOND_THE_STANDARD)
    for line in _TABLE.read_text(encoding="ascii").splitlines():
        if line.startswith("#"):
            continue
        prototype, _, points = line.partition(":")
        text = "".join(chr(int(code, 16)) for code in prototype.split())
        for run in points.split():
            first, _, last = run.partition("-")
            table |= dict.fromkeys(range(int(first, 16), int(last or first, 16) + 1), text)
    return table
