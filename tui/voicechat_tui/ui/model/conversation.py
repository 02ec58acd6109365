"""A chat as rows to show, kept up to date at a cost that does not grow with its length."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from voicechat_common.protocol.chat import MessageKind
from voicechat_common.protocol.chat_http import HistoryMessage
from voicechat_common.transcript import shared_length
from voicechat_tui.client.chat.events import ChatEvent
from voicechat_tui.client.chat.timeline import ChatTimeline, Entry, EntryState


@dataclass(frozen=True)
class Row:
    """An entry of a conversation as it is shown.

    Attributes:
        key: Names the entry, whatever becomes of its text.
        speaker: Who says it.
        own: Whether the person at this terminal says it.
        at: When, in the time zone to be shown.
        text: What is said.
        settled: How many leading characters will hardly change any more.
        state: Whether it is stored, being spoken, waiting or refused.
        spoken: Whether it was spoken.
    """

    key: str
    speaker: str
    own: bool
    at: datetime
    text: str
    settled: int
    state: EntryState = EntryState.STORED
    spoken: bool = False


class Conversation:
    """The rows of one chat. Which entries there are, and in which order, is the timeline's business.

    Args:
        user: Who looks at it.
        now: The time of day, in the time zone to be shown.
    """

    def __init__(self, user: str | None, now: Callable[[], datetime]) -> None:
        self._timeline = ChatTimeline(user)
        self._now = now
        self._shown: list[tuple[Entry, Row]] = []

    def __len__(self) -> int:
        return len(self._shown)

    @property
    def user(self) -> str | None:
        """Who looks at it, by the name the server gave."""
        return self._timeline.user

    @property
    def first_seq(self) -> int:
        """The seq of the oldest stored message that is here; 0 for none."""
        return self._timeline.first_seq or 0

    @property
    def last_seq(self) -> int:
        """The seq of the newest stored message that is here; 0 for none."""
        return self._timeline.last_seq or 0

    def rows(self, start: int = 0) -> list[Row]:
        """Return the rows from a place on."""
        return [row for _, row in self._shown[start:]]

    def apply(self, event: ChatEvent) -> int | None:
        """Take an event; return the place from which rows have changed, or None for no change."""
        start = self._timeline.apply(event)
        if start is not None:
            self._show(start)
        return start

    def add_older(self, page: Iterable[HistoryMessage]) -> int:
        """Take messages from before the first one; return how many rows that added."""
        added = self._timeline.add_older(page)
        self._show(0)
        return added

    def _show(self, start: int) -> None:
        """Make rows of the entries from a place on; an entry that is still the same keeps its row."""
        before = self._shown[start:]
        same = {id(pair[0]): pair for pair in before}
        unstored = {entry.key: row for entry, row in before if entry.state is not EntryState.STORED}
        self._shown[start:] = [
            same.get(id(entry)) or (entry, self._row(entry, unstored.get(entry.key)))
            for entry in self._timeline.entries_from(start)
        ]

    def _row(self, entry: Entry, known: Row | None) -> Row:
        at = entry.timestamp or (known.at if known else None) or self._now()
        text = f"{entry.content}  ({entry.note})" if entry.note else entry.content
        is_growing = entry.state is EntryState.SPOKEN
        return Row(
            key=entry.key,
            speaker=entry.speaker,
            own=entry.is_own,
            at=at.astimezone(self._now().tzinfo),
            text=text,
            settled=shared_length(known.text if known else "", text) if is_growing else len(text),
            state=entry.state,
            spoken=entry.kind is MessageKind.SPEECH,
        )
