"""Regenerates the table of lookalike characters from ICU's data.

    pip install icukit-pyicu
    python tools/confusables_table.py

ICU computes the skeletons of Unicode Technical Standard 39. Client and server ship only the table, since
ICU is 65 MB. Two Chinese characters that are both in GB 2312 stay distinct: no reader of Chinese mistakes 土
for 士.
"""

from collections import defaultdict
from importlib import import_module
from pathlib import Path

TABLE = Path(__file__).parents[1] / "common" / "voicechat_common" / "confusables.txt"
_HEAD = """\
# Which characters look alike, by Unicode {version}: prototypes, each with what looks like it, in hexadecimal.
# What has an empty prototype is not seen at all. Made by tools/confusables_table.py.
# Data (c) Unicode, Inc., under the Unicode License V3, https://www.unicode.org/license.txt
"""


def _code(text: str) -> str:
    return " ".join(f"{ord(character):X}" for character in text)


def _ranges(points: list[int]) -> str:
    """Return code points, with consecutive ones as `FIRST-LAST`."""
    runs: list[list[int]] = []
    for point in points:
        if runs and runs[-1][1] == point - 1:
            runs[-1][1] = point
        else:
            runs.append([point, point])
    return " ".join(f"{first:X}" if first == last else f"{first:X}-{last:X}" for first, last in runs)


def _are_chinese(*characters: str) -> bool:
    try:
        return all(len(each) == 1 and each >= "一" and each.encode("gb2312") for each in characters)
    except UnicodeEncodeError:
        return False


def main() -> None:
    """Write the table."""
    icu = import_module("icu")
    checker, decomposing = icu.SpoofChecker(), icu.Normalizer2.getNFDInstance()
    found: defaultdict[str, list[int]] = defaultdict(list)
    for point in (*range(0xD800), *range(0xE000, 0x110000)):
        character = chr(point)
        # What can be taken apart is, before anything is looked up.
        if decomposing.normalize(character) != character:
            continue
        prototype = checker.getSkeleton(0, character)
        if prototype != character and not _are_chinese(character, prototype):
            found[prototype].append(point)
    lines = [f"{_code(prototype)}: {_ranges(points)}\n" for prototype, points in sorted(found.items())]
    TABLE.write_text(_HEAD.format(version=icu.UNICODE_VERSION) + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
