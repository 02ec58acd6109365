"""The time as chats tell it."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the time, with its offset."""
    return datetime.now(UTC)
