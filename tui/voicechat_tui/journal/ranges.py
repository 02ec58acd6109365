"""Sets of whole numbers, as sorted ranges that neither touch nor overlap."""

from collections.abc import Iterable
from typing import NamedTuple


class Range(NamedTuple):
    """The numbers from `begin` up to, but not including, `end`."""

    begin: int
    end: int

    @property
    def length(self) -> int:
        """How many there are."""
        return self.end - self.begin


Ranges = tuple[Range, ...]


def union(ranges: Iterable[Range]) -> Ranges:
    """Return the numbers that are in any of the ranges, which may be empty or overlap."""
    joined: list[Range] = []
    for begin, end in sorted(ranges):
        if begin >= end:
            continue
        if joined and begin <= joined[-1].end:
            joined[-1] = Range(joined[-1].begin, max(joined[-1].end, end))
        else:
            joined.append(Range(begin, end))
    return tuple(joined)


def difference(whole: Range, without: Iterable[Range]) -> Ranges:
    """Return the numbers of a range that are in none of the others."""
    left: list[Range] = []
    at = whole.begin
    for begin, end in union(without):
        left.append(Range(at, min(begin, whole.end)))
        at = max(at, end)
    left.append(Range(at, whole.end))
    return union(left)
