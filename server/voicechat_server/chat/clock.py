"""The wall clock of chats."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time, with its UTC offset."""
    return datetime.now(UTC)
