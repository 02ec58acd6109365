"""Records as messages of the protocol."""

from typing import Any

from voicechat_common.protocol.chat import (
    ChatEnded,
    MessageHistory,
    NewMessage,
    Presence,
    TypingNotice,
)
from voicechat_common.protocol.chat_http import ChatDetail, ChatSummary, HistoryMessage
from voicechat_common.protocol.codec import encode
from voicechat_server.chat.live.frame_queue import Frame
from voicechat_server.chat.live.hub import Broadcast
from voicechat_server.chat.records import Chat, Message


def history_frame(message: Message) -> Frame:
    """Return a stored message as it is told to somebody who lacks it."""
    return Frame(encode(MessageHistory(message_id=message.message_id, **_fields(message))))


def stored(message: Message, revision: int) -> Broadcast:
    """Return a stored message as it is told live; it replaces its partials."""
    new = NewMessage(message_id=message.message_id, revision=revision, **_fields(message))
    return Broadcast(Frame(encode(new), key=message.message_id), seq=message.seq)


def partial(message: NewMessage) -> Broadcast:
    """Return a partial as it is told live; a newer one of the same message replaces it."""
    return Broadcast(Frame(encode(message), key=message.message_id, is_passing=True))


def withdrawal(message: NewMessage) -> Broadcast:
    """Return how a partial is told to be nothing: its text is empty, and nothing of it was stored."""
    empty = message.model_copy(update={"content": "", "revision": message.revision + 1})
    return Broadcast(Frame(encode(empty), key=message.message_id))


def presence(user: str, *, is_present: bool, count: int) -> Broadcast:
    """Return how somebody's coming or going is told.

    A newer one of the same person replaces none that waits: the counts of those between would not add up.
    """
    notice = Presence(user=user, is_present=is_present, count=count)
    return Broadcast(Frame(encode(notice)), author=user)


def typing(user: str, *, is_typing: bool) -> Broadcast:
    """Return how it is told that somebody types or has stopped; only the stop must not be missed."""
    notice = TypingNotice(user=user, is_typing=is_typing)
    return Broadcast(Frame(encode(notice), key=f"typing {user}", is_passing=is_typing), author=user)


def ended(chat: Chat) -> Broadcast:
    """Return how the end of a chat is told."""
    if chat.ended_at is None or chat.ended_by is None:
        raise ValueError(f"the chat {chat.chat_id} has not ended")
    return Broadcast(
        Frame(encode(ChatEnded(chat_id=chat.chat_id, ended_by=chat.ended_by, ended_at=chat.ended_at)))
    )


def history_message(message: Message) -> HistoryMessage:
    """Return a stored message as it stands in HTTP bodies."""
    return HistoryMessage(id=message.message_id, **_fields(message))


def summary(chat: Chat, last_message: Message | None) -> ChatSummary:
    """Return a chat as it stands in a list."""
    last = None if last_message is None else history_message(last_message)
    return ChatSummary(**_chat_fields(chat), last_message=last)


def detail(chat: Chat, participants: list[str], messages: list[Message]) -> ChatDetail:
    """Return a chat with a page of its messages."""
    page = [history_message(message) for message in messages]
    return ChatDetail(**_chat_fields(chat), participants=participants, messages=page)


def _chat_fields(chat: Chat) -> dict[str, Any]:
    return {
        "chat_id": chat.chat_id,
        "title": chat.title,
        "status": chat.status,
        "owner": chat.owner,
        "created_at": chat.created_at,
        "ended_at": chat.ended_at,
        "message_count": chat.last_seq,
    }


def _fields(message: Message) -> dict[str, Any]:
    return {
        "seq": message.seq,
        "speaker": message.speaker,
        "kind": message.kind,
        "content": message.content,
        "timestamp": message.timestamp,
        "client_message_id": message.client_message_id,
        "start_ms": message.speech and message.speech.start_ms,
        "end_ms": message.speech and message.speech.end_ms,
    }
