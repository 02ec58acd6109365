"""One entry of a conversation as it is shown."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class RowState(Enum):
    """Where the text of a row stands."""

    STORED = ""
    """It is in the chat for good."""
    SPEAKING = "●"
    """It is being spoken, and grows."""
    PENDING = "…"
    """It was sent and is not acknowledged."""
    REFUSED = "✗"
    """The server did not take it."""


@dataclass(frozen=True)
class Row:
    """An entry of a conversation.

    Attributes:
        key: Names the entry, whatever becomes of its text.
        speaker: Who says it.
        own: Whether the person at this terminal says it.
        at: When, in the time zone to be shown.
        text: What is said.
        settled: How many leading characters will hardly change any more.
        state: Where the text stands.
        spoken: Whether it was spoken.
    """

    key: str
    speaker: str
    own: bool
    at: datetime
    text: str
    settled: int
    state: RowState = RowState.STORED
    spoken: bool = False
