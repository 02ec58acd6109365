"""Chats, their messages, and the operations on them."""

from dataclasses import dataclass
from datetime import datetime

from voicechat_common.protocol.chat import ChatStatus, MessageKind
from voicechat_common.protocol.speech import Word


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat.

    Attributes:
        chat_id: Its identifier.
        title: What it is about.
        owner: Who may end it.
        created_at: When it was created.
        ended_at: When it ended; None while it is active.
        ended_by: Who ended it.
        last_seq: The seq of its last message, which is also its number of messages.
        is_private: Whether only its owner and its members see it.
    """

    chat_id: str
    title: str
    owner: str
    created_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None
    last_seq: int = 0
    is_private: bool = False

    @property
    def status(self) -> ChatStatus:
        """Whether it still takes messages."""
        return ChatStatus.ACTIVE if self.ended_at is None else ChatStatus.ENDED


@dataclass(frozen=True, slots=True)
class Speech:
    """Where a spoken message was spoken.

    Attributes:
        spoken_at: The wall clock at its first word.
        start_ms: Where it begins in its stream.
        end_ms: Where it ends in its stream.
        words: Its words with their times in the stream.
    """

    spoken_at: datetime
    start_ms: int
    end_ms: int
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A stored message."""

    message_id: str
    chat_id: str
    seq: int
    speaker: str
    kind: MessageKind
    content: str
    timestamp: datetime
    client_message_id: str | None = None
    speech: Speech | None = None


@dataclass(frozen=True, slots=True)
class Enter:
    """Somebody enters a chat, which is created if there is none; its creator owns it.

    Attributes:
        chat_id: Which chat.
        user: Who.
        title: The title of the chat if it is created.
        at: Now.
        present: Who is connected, whether or not they are participants.
        is_private: Whether the chat is private if it is created.
    """

    chat_id: str
    user: str
    title: str
    at: datetime
    present: tuple[str, ...] = ()
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    """Somebody says something. Attributes are those of the message it becomes."""

    chat_id: str
    message_id: str
    speaker: str
    kind: MessageKind
    content: str
    at: datetime
    client_message_id: str | None = None
    speech: Speech | None = None


@dataclass(frozen=True, slots=True)
class End:
    """Somebody ends a chat.

    Attributes:
        chat_id: Which chat.
        user: Who.
        at: Now.
        is_admin: Whether they may, even if they don't own it.
    """

    chat_id: str
    user: str
    at: datetime
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class HandOver:
    """Somebody gives a chat to another owner.

    Attributes:
        chat_id: Which chat.
        user: Who gives it.
        to: Who gets it.
        at: When; whoever had it before is a member from then on.
        is_admin: Whether they may, even if they don't own it.
    """

    chat_id: str
    user: str
    to: str
    at: datetime
    is_admin: bool = False


Operation = Enter | Post | End | HandOver


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an operation.

    Attributes:
        chat: The chat after it.
        message: The stored message of a `Post`; the earlier one if it had been posted before.
        is_new: Whether the operation changed anything that others should be notified of.
    """

    chat: Chat
    message: StoredMessage | None = None
    is_new: bool = True
