"""A chat as a list to show: stored messages, then what is being spoken, then own texts that wait.

Pure: events in, entries out. An entry keeps its key while it changes, so that a user interface can keep one
widget for it: an own text keeps that of its client_message_id when it is stored.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto

from voicechat_common.protocol.chat import MessageHistory, MessageKind, NewMessage
from voicechat_common.protocol.chat_http import HistoryMessage
from voicechat_tui.client.chat.events import (
    Acked,
    CaughtUp,
    ChatEvent,
    Connected,
    HistoryRestarted,
    MessagePartial,
    MessageStored,
    MessageWithdrawn,
    Postponed,
    Refused,
    Resumed,
    TextQueued,
)

LIMIT = 10_000
"""Stored messages that are kept; older ones can be read again over HTTP."""
_SURPLUS = 0.1
"""The part of the limit by which it may be exceeded, so that not every message makes another one give way."""


class EntryState(Enum):
    """What an entry is."""

    STORED = auto()
    """A message that everybody has, for good."""
    SPOKEN = auto()
    """What somebody is saying right now."""
    WAITING = auto()
    """An own text that is not known to be stored."""
    REFUSED = auto()
    """An own text that will not be stored."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry.

    Attributes:
        key: What it is known by as long as it is there.
        state: What it is.
        speaker: Who says it; empty for a guest whom the server has not named yet.
        is_own: Whether this person says it.
        kind: How it came about.
        content: What is said.
        seq: Its place in the chat, once it is stored.
        message_id: What the server calls it.
        client_message_id: What its sender calls it.
        timestamp: When it was said; None for what waits.
        start_ms: Speech: where it begins in its stream.
        end_ms: Speech: where it ends in its stream.
        note: Why it waits longer than usual, or was refused; empty for nothing.
    """

    key: str
    state: EntryState
    speaker: str
    is_own: bool
    kind: MessageKind
    content: str
    seq: int | None = None
    message_id: str | None = None
    client_message_id: str | None = None
    timestamp: datetime | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    note: str = ""


class ChatTimeline:
    """The entries of one chat in their order.

    Args:
        user: Who looks at it; taken from the connection unless given.
        limit: Stored messages that are kept; a tenth more may be there until they give way together.
    """

    def __init__(self, user: str | None = None, limit: int = LIMIT) -> None:
        self.user = user
        self._limit = limit
        self._seqs: list[int] = []
        self._stored: dict[int, Entry] = {}
        self._spoken: dict[str, Entry] = {}
        self._own: dict[str, Entry] = {}
        self._told = 0

    def __len__(self) -> int:
        return len(self._seqs) + len(self._spoken) + len(self._own)

    @property
    def entries(self) -> list[Entry]:
        """All entries in their order."""
        return self.entries_from(0)

    def entries_from(self, start: int) -> list[Entry]:
        """Return the entries from a place on."""
        stored = [self._stored[seq] for seq in self._seqs[start:]]
        others = [*self._spoken.values(), *self._own.values()]
        return [*stored, *others[max(0, start - len(self._seqs)) :]]

    @property
    def first_seq(self) -> int | None:
        """The oldest stored message there is here; None for none."""
        return self._seqs[0] if self._seqs else None

    @property
    def last_seq(self) -> int | None:
        """The newest stored message there is here; None for none."""
        return self._seqs[-1] if self._seqs else None

    def apply(self, event: ChatEvent) -> int | None:
        """Take an event; return the place of the first entry that is new, different or gone, or None."""
        match event:
            case Connected() | Resumed():
                self.user = event.established.user
                return self._name_own()
            case HistoryRestarted():
                return self._clear()
            case CaughtUp(seq=seq):
                self._told = seq
                return None
            case MessageStored():
                self._told = event.seq
                return self._store(event.message, event.seq)
            case MessagePartial(message=message):
                name = message.message_id
                self._spoken[name] = self._entry(message, EntryState.SPOKEN, name)
                return self._place(name, self._spoken)
            case MessageWithdrawn(message_id=name):
                return self._remove(name, self._spoken)
            case TextQueued():
                return self._queue(event)
            case Acked(client_message_id=name, seq=seq):
                # A later seq is that of a message still to come, which takes the text's place.
                return self._remove(name, self._own) if seq <= self._told else None
            case Postponed():
                return self._note(event.client_message_id, EntryState.WAITING, event.reason)
            case Refused():
                return self._note(event.client_message_id, EntryState.REFUSED, event.message)
            case _:
                return None

    def add_older(self, page: Iterable[HistoryMessage]) -> int:
        """Take a page of the history that was read over HTTP; return how many entries that has added."""
        added = 0
        for message in page:
            if message.seq not in self._stored:
                self._stored[message.seq] = self._entry(message, EntryState.STORED, message.id)
                insort(self._seqs, message.seq)
                added += 1
        return added

    def _place(self, key: str, among: dict[str, Entry]) -> int:
        before = len(self._seqs) + (len(self._spoken) if among is self._own else 0)
        return before + list(among).index(key)

    def _remove(self, key: str, among: dict[str, Entry]) -> int | None:
        if key not in among:
            return None
        place = self._place(key, among)
        del among[key]
        return place

    def _store(self, message: NewMessage | MessageHistory, seq: int) -> int:
        self._spoken.pop(message.message_id, None)
        own = self._own_text(message)
        if own is not None:
            del self._own[own.key]
        if seq not in self._stored:
            insort(self._seqs, seq)
        key = message.message_id if own is None else own.key
        self._stored[seq] = self._entry(message, EntryState.STORED, key)
        return 0 if self._trim() else bisect_left(self._seqs, seq)

    def _own_text(self, message: NewMessage | MessageHistory) -> Entry | None:
        """Return the own text that a stored message is; another text of the same name is not."""
        own = self._own.get(message.client_message_id or "")
        is_it = own is not None and message.speaker == self.user and message.content == own.content
        return own if is_it else None

    def _trim(self) -> bool:
        """Let the oldest messages give way, if there are too many; return whether there were."""
        if len(self._seqs) <= self._limit * (1 + _SURPLUS):
            return False
        surplus = self._seqs[: len(self._seqs) - self._limit]
        del self._seqs[: len(surplus)]
        for seq in surplus:
            del self._stored[seq]
        return True

    def _queue(self, event: TextQueued) -> int:
        self._own[event.client_message_id] = Entry(
            key=event.client_message_id,
            state=EntryState.WAITING,
            speaker=self.user or "",
            is_own=True,
            kind=MessageKind.TEXT,
            content=event.content,
            client_message_id=event.client_message_id,
        )
        return self._place(event.client_message_id, self._own)

    def _note(self, client_message_id: str, state: EntryState, note: str) -> int | None:
        entry = self._own.get(client_message_id)
        if entry is None:
            return None
        self._own[client_message_id] = replace(entry, state=state, note=note)
        return self._place(client_message_id, self._own)

    def _name_own(self) -> int | None:
        speaker = self.user or ""
        unnamed = [name for name, entry in self._own.items() if entry.speaker != speaker]
        for name in unnamed:
            self._own[name] = replace(self._own[name], speaker=speaker)
        return self._place(unnamed[0], self._own) if unnamed else None

    def _clear(self) -> int | None:
        had_any = bool(self._seqs or self._spoken)
        self._seqs.clear()
        self._stored.clear()
        self._spoken.clear()
        self._told = 0
        return 0 if had_any else None

    def _entry(
        self, message: NewMessage | MessageHistory | HistoryMessage, state: EntryState, key: str
    ) -> Entry:
        return Entry(
            key=key,
            state=state,
            speaker=message.speaker,
            is_own=message.speaker == self.user,
            kind=message.kind,
            content=message.content,
            seq=message.seq,
            message_id=message.id if isinstance(message, HistoryMessage) else message.message_id,
            client_message_id=message.client_message_id,
            timestamp=message.timestamp,
            start_ms=message.start_ms,
            end_ms=message.end_ms,
        )
