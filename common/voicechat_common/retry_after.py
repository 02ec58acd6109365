"""The header `Retry-After`: when a retry may succeed."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def seconds_of(header: str | None) -> float | None:
    """Return the delay that a header asks for, in seconds from now; None if it can't be read.

    Args:
        header: Its value, which is a number of seconds or a date; None if there is no such header.
    """
    if header is None:
        return None
    # The length is bounded: a number with thousands of digits is not a time, and is slow to parse.
    if header.strip().isdecimal() and len(header) < 20:
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
