"""Applies a batch of operations to chats. Pure: no database, no clock.

The writer gives a ledger the state of the chats, the ledger applies operations in order, and the writer
records what has changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from voicechat_common.likeness import likeness
from voicechat_server.chat import failures
from voicechat_server.chat.records import Chat, End, Enter, HandOver, Operation, Outcome, Post, StoredMessage
from voicechat_server.chat.storage.taken_names import TakenNames

PostKey = tuple[str, str, str]
"""A chat, a speaker and a client_message_id, which identify a message that is sent again."""


@dataclass
class KnownChat:
    """A chat and its participants, as loaded or cached."""

    chat: Chat
    participants: TakenNames


@dataclass(frozen=True)
class Membership:
    """Somebody who is a member of a chat from now on, if they were not before."""

    chat_id: str
    user: str
    added_at: datetime


@dataclass(frozen=True)
class Arrival:
    """A new participant of a chat."""

    chat_id: str
    user: str
    joined_at: datetime


def post_key(post: Post) -> PostKey | None:
    """Return the key by which a resent message is recognised, if it has one."""
    if post.client_message_id is None:
        return None
    return post.chat_id, post.speaker, post.client_message_id


@dataclass
class Ledger:
    """The chats of one batch, before and after.

    Attributes:
        before: The existing chats by id, as they were; not modified.
        is_full: Whether the disk has no space; what needs some is refused, or skipped where possible.
        posted: Messages stored already, by key.
        posted_ids: Messages stored already, by message_id.
        chats: The chats as they are now.
        messages: The messages to store.
        arrivals: The participants to record.
    """

    before: Mapping[str, KnownChat]
    is_full: bool = False
    posted: dict[PostKey, StoredMessage] = field(default_factory=dict)
    posted_ids: dict[str, StoredMessage] = field(default_factory=dict)
    chats: dict[str, Chat] = field(init=False)
    messages: list[StoredMessage] = field(default_factory=list)
    arrivals: dict[tuple[str, str], Arrival] = field(default_factory=dict)
    memberships: list[Membership] = field(default_factory=list)
    _new: dict[str, TakenNames] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.chats = {chat_id: state.chat for chat_id, state in self.before.items()}

    @property
    def created(self) -> list[Chat]:
        """The chats that did not exist before."""
        return [chat for chat_id, chat in self.chats.items() if chat_id not in self.before]

    @property
    def changed(self) -> list[tuple[Chat, Chat]]:
        """The existing chats that have changed: before, after."""
        pairs = [(state.chat, self.chats[chat_id]) for chat_id, state in self.before.items()]
        return [(old, new) for old, new in pairs if old != new]

    def apply(self, operation: Operation) -> Outcome:
        """Apply an operation.

        Raises:
            VoicechatError: It is refused and changes nothing: `not_found`, `chat_ended`, `id_taken`,
                `name_taken`, `bad_field`, `not_owner` or `storage`.
        """
        match operation:
            case Enter():
                return self._enter(operation)
            case Post():
                return self._post(operation)
            case End():
                return self._end(operation)
            case HandOver():
                return self._hand_over(operation)

    def _enter(self, enter: Enter) -> Outcome:
        chat = self.chats.get(enter.chat_id)
        if chat is None or chat.ended_at is None:
            self._check_name(enter.chat_id, enter.user, enter.present)
        is_new = chat is None
        if chat is None:
            self._require_space()
            chat = self.chats[enter.chat_id] = Chat(
                enter.chat_id, enter.title, enter.user, enter.at, is_private=enter.is_private
            )
        if chat.ended_at is None:
            self._add_participant(enter.chat_id, enter.user, enter.at)
        return Outcome(chat, is_new=is_new)

    def _post(self, post: Post) -> Outcome:
        chat = self._chat(post.chat_id)
        key = post_key(post)
        namesake = self.posted.get(key) if key else None
        is_again = namesake is not None and namesake.content == post.content
        earlier = namesake if is_again else self.posted_ids.get(post.message_id)
        if earlier is not None:
            return Outcome(chat, earlier, is_new=False)
        if chat.ended_at is not None:
            raise failures.chat_ended(chat)
        if namesake is not None:
            raise failures.id_taken(namesake)
        self._check_name(post.chat_id, post.speaker)
        self._require_space()
        chat = self.chats[post.chat_id] = replace(chat, last_seq=chat.last_seq + 1)
        message = StoredMessage(
            message_id=post.message_id,
            chat_id=post.chat_id,
            seq=chat.last_seq,
            speaker=post.speaker,
            kind=post.kind,
            content=post.content,
            timestamp=post.at,
            client_message_id=post.client_message_id,
            speech=post.speech,
        )
        self.messages.append(message)
        self.posted_ids[message.message_id] = message
        if key is not None:
            self.posted[key] = message
        self._add_participant(post.chat_id, post.speaker, post.at)
        return Outcome(chat, message)

    def _end(self, end: End) -> Outcome:
        chat = self._chat(end.chat_id)
        if end.user != chat.owner and not end.is_admin:
            raise failures.not_owner(chat)
        if chat.ended_at is not None:
            return Outcome(chat, is_new=False)
        chat = self.chats[end.chat_id] = replace(chat, ended_at=end.at, ended_by=end.user)
        return Outcome(chat)

    def _hand_over(self, hand_over: HandOver) -> Outcome:
        chat = self._chat(hand_over.chat_id)
        if hand_over.user != chat.owner and not hand_over.is_admin:
            raise failures.not_owner(chat)
        if chat.ended_at is not None:
            raise failures.chat_ended(chat)
        self.memberships.append(Membership(chat.chat_id, chat.owner, hand_over.at))
        chat = self.chats[hand_over.chat_id] = replace(chat, owner=hand_over.to)
        return Outcome(chat)

    def _chat(self, chat_id: str) -> Chat:
        chat = self.chats.get(chat_id)
        if chat is None:
            raise failures.unknown_chat(chat_id)
        return chat

    def _check_name(self, chat_id: str, user: str, present: Sequence[str] = ()) -> None:
        """Require that a newcomer can't be mistaken for somebody else; past participants may always return.

        Raises:
            VoicechatError: `name_taken` or `bad_field`.
        """
        known = self.before[chat_id].participants if chat_id in self.before else TakenNames()
        new = self._new.get(chat_id, TakenNames())
        if user in known or user in new:
            return
        if not any(likeness(user)):
            raise failures.unseen_name()
        others = TakenNames(name for name in present if name != user)
        found = (people.like(user) for people in (known, new, others))
        if other := next(filter(None, found), None):
            raise failures.name_taken(chat_id, user, other)

    def _require_space(self) -> None:
        if self.is_full:
            raise failures.no_space()

    def _add_participant(self, chat_id: str, user: str, at: datetime) -> None:
        # Newcomers may read; they are recorded once there is space again and they say something.
        if self.is_full:
            return
        known = self.before.get(chat_id)
        if known is None or user not in known.participants:
            self.arrivals.setdefault((chat_id, user), Arrival(chat_id, user, at))
            self._new.setdefault(chat_id, TakenNames()).add(user)
