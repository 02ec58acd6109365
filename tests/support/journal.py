"""Entries of the client's journal for tests."""

from datetime import UTC, datetime
from pathlib import Path

from voicechat_tui.journal.entry import EntryHeader
from voicechat_tui.journal.store import Journal


def header(url: str = "127.0.0.1:1", chat_id: str | None = "team") -> EntryHeader:
    """The header of a talk at 16 kHz."""
    return EntryHeader(
        sample_rate=16_000,
        chat_id=chat_id,
        user="anna",
        url=url,
        started_at=datetime(2026, 11, 24, 15, 4, 5, tzinfo=UTC),
    )


def journal_in(directory: Path, max_mb: int = 10) -> Journal:
    """A journal in a directory that need not exist."""
    return Journal(directory / "journal", max_mb)
