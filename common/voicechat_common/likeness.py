"""What names look like: two people of one chat must not have names that are taken for one another.

Names are compared by the skeletons of Unicode's technical standard 39, in three ways: as they are written,
with compatibility characters as plain ones, and in any case. Two names look alike if they are the same in one
of these ways. Different ways don't mix: `Ian` looks like `lan`, and `lan` is `Lan`, but nobody takes `Ian`
for `Lan`. By the standard, `rn` and `m` look alike, and so do `0` and `O`, `1`, `l` and `I`.

No library computes skeletons without being many times the size of the table that `confusables.txt` is.
"""

import unicodedata
from functools import cache, lru_cache
from pathlib import Path

_TABLE = Path(__file__).with_name("confusables.txt")
# Colours of skin, which no terminal here shows, and an empty cell of Braille.
_BEYOND_THE_STANDARD = {**dict.fromkeys(range(0x1F3FB, 0x1F400), ""), 0x2800: " "}

Likeness = tuple[str, str, str]
"""A name's skeletons: as it is written, without compatibility characters, in any case."""


def skeleton(text: str) -> str:
    """Return a text's skeleton: what looks like it has the same one, and what can't be seen has none."""
    drawn = unicodedata.normalize("NFD", text).translate(_prototypes())
    return " ".join(unicodedata.normalize("NFD", drawn).split())


@lru_cache(maxsize=1 << 15)
def likeness(name: str) -> Likeness:
    """Return the skeletons of a name; names that have the same one in the same place look alike."""
    plain = unicodedata.normalize("NFKC", name)
    return skeleton(name), skeleton(plain), skeleton(plain.casefold()).casefold()


def look_alike(one: str, other: str) -> bool:
    """Tell whether two names may be taken for one another."""
    return any(mine == theirs for mine, theirs in zip(likeness(one), likeness(other), strict=True))


@cache
def _prototypes() -> dict[int, str]:
    # Read only by who compares names: a start is not held up by it.
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
