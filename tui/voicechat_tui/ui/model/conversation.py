"""A chat as rows to show, kept up to date at a cost that does not grow with its length."""

from collections.abc import Callable, Iterable
from datetime import datetime

from voicechat_common.protocol.chat import MessageKind
from voicechat_common.protocol.chat_http import HistoryMessage
from voicechat_common.transcript import shared_length
from voicechat_tui.client.chat.events import ChatEvent
from voicechat_tui.client.chat.timeline import Change, ChatTimeline, Entry, EntryState
from voicechat_tui.ui.model.row import Row, RowState

_STATES = {
    EntryState.STORED: RowState.STORED,
    EntryState.SPOKEN: RowState.SPEAKING,
    EntryState.WAITING: RowState.PENDING,
    EntryState.REFUSED: RowState.REFUSED,
}


class Conversation:
    """The rows of one chat: what is stored, then what is being spoken, then own texts that wait.

    Args:
        user: Who looks at it.
        now: The time of day, in the time zone to be shown.
    """

    def __init__(self, user: str | None, now: Callable[[], datetime]) -> None:
        self._timeline = ChatTimeline(user)
        self._now = now
        self._stored: list[Row] = []
        self._spoken: dict[str, Row] = {}
        self._own: dict[str, Row] = {}

    def __len__(self) -> int:
        return len(self._stored) + len(self._spoken) + len(self._own)

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
        tail = [*self._spoken.values(), *self._own.values()]
        stored = len(self._stored)
        return [*self._stored[start:], *tail] if start < stored else tail[start - stored :]

    def apply(self, event: ChatEvent) -> int | None:
        """Take an event; return the place from which rows have changed, or None for no change."""
        return self._take(self._timeline.apply(event))

    def add_older(self, page: Iterable[HistoryMessage]) -> int:
        """Take messages from before the first one; return how many rows that added."""
        change = self._timeline.add_older(page)
        self._stored[:0] = [self._row(entry) for entry in change.changed]
        return len(change.changed)

    def dismiss(self, key: str) -> int | None:
        """Remove an own text that was refused."""
        return self._take(self._timeline.dismiss(key))

    def _take(self, change: Change) -> int | None:
        places = [place for key in change.removed if (place := self._remove(key)) is not None]
        places += [self._put(entry) for entry in change.changed]
        return min(places, default=None)

    def _remove(self, key: str) -> int | None:
        stored = len(self._stored)
        if self._spoken.pop(key, None) is not None:
            return stored
        if self._own.pop(key, None) is not None:
            return stored + len(self._spoken)
        # Of what is stored, only the oldest is ever removed, or everything.
        place = next((place for place, row in enumerate(self._stored) if row.key == key), None)
        if place is None:
            return None
        del self._stored[place]
        return place

    def _put(self, entry: Entry) -> int:
        stored = len(self._stored)
        if entry.state is EntryState.STORED:
            row = self._row(entry)
            self._spoken.pop(entry.message_id or entry.key, None)
            self._own.pop(entry.key, None)
            self._stored.append(row)
            return stored
        if entry.state is EntryState.SPOKEN:
            self._spoken[entry.key] = self._row(entry, self._spoken.get(entry.key))
            return stored + list(self._spoken).index(entry.key)
        self._own[entry.key] = self._row(entry, self._own.get(entry.key))
        return stored + len(self._spoken) + list(self._own).index(entry.key)

    def _row(self, entry: Entry, known: Row | None = None) -> Row:
        at = entry.timestamp or (known.at if known else None) or self._now()
        text = f"{entry.content}  ({entry.note})" if entry.note else entry.content
        speaks = entry.state is EntryState.SPOKEN
        return Row(
            key=entry.key,
            speaker=entry.speaker,
            own=entry.is_own,
            at=at.astimezone(self._now().tzinfo),
            text=text,
            settled=shared_length(known.text if known else "", text) if speaks else len(text),
            state=_STATES[entry.state],
            spoken=entry.kind is MessageKind.SPEECH,
        )
