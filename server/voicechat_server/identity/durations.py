"""Lengths of time as a person writes them: `30d`, `12h`."""

import re
from datetime import timedelta

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_LONGEST = timedelta(days=36_500)
_FORM = "a length of time is a whole number of minutes, hours, days or weeks: 90m, 12h, 30d, 52w"


def parse_duration(text: str) -> timedelta:
    """Return a length of time.

    Raises:
        ValueError: It isn't written like one, is nothing, or is longer than a hundred years.
    """
    found = re.fullmatch(r"([0-9]{1,8})([mhdw])", text.strip().lower())
    if found is None:
        raise ValueError(_FORM)
    length = int(found[1]) * _UNITS[found[2]]
    if not timedelta() < length <= _LONGEST:
        raise ValueError("it must be longer than nothing and no longer than a hundred years")
    return length
