"""Renders records as messages of the protocol."""

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
from voicechat_server.chat.records import Chat, StoredMessage


def history_frame(message: StoredMessage) -> Frame:
    """Return a stored message as sent to a client that lacks it."""
    return Frame(encode(MessageHistory(message_id=message.message_id, **_fields(message))))


def stored(message: StoredMessage, revision: int) -> Broadcast:
    """Return a stored message as published live; it replaces its partials."""
    new = NewMessage(message_id=message.message_id, revision=revision, **_fields(message))
    return Broadcast(Frame(encode(new), key=message.message_id), seq=message.seq)


def partial(message: NewMessage) -> Broadcast:
    """Return a partial as published live; a newer one of the same message replaces it."""
    return Broadcast(Frame(encode(message), key=message.message_id, is_transient=True))


def withdrawal(message: NewMessage) -> Broadcast:
    """Return the withdrawal of a partial: an empty text, of which nothing was stored."""
    empty = message.model_copy(update={"content": "", "revision": message.revision + 1})
    return Broadcast(Frame(encode(empty), key=message.message_id))


def presence(user: str, *, is_present: bool, count: int) -> Broadcast:
    """Return the notice that somebody came or left.

    It doesn't replace a waiting one of the same person, or the counts in between would not add up.
    """
    notice = Presence(user=user, is_present=is_present, count=count)
    return Broadcast(Frame(encode(notice)), author=user)


def typing(user: str, *, is_typing: bool) -> Broadcast:
    """Return the notice that somebody is typing or has stopped; only the latter must not be missed."""
    notice = TypingNotice(user=user, is_typing=is_typing)
    return Broadcast(Frame(encode(notice), key=f"typing {user}", is_transient=is_typing), author=user)


def ended(chat: Chat) -> Broadcast:
    """Return the notice that a chat has ended."""
    if chat.ended_at is None or chat.ended_by is None:
        raise ValueError(f"the chat {chat.chat_id} has not ended")
    return Broadcast(
        Frame(encode(ChatEnded(chat_id=chat.chat_id, ended_by=chat.ended_by, ended_at=chat.ended_at)))
    )


def history_message(message: StoredMessage) -> HistoryMessage:
    """Return a stored message as it appears in HTTP bodies."""
    return HistoryMessage(id=message.message_id, **_fields(message))


def summary(chat: Chat, last_message: StoredMessage | None) -> ChatSummary:
    """Return a chat as it appears in a list."""
    last = None if last_message is None else history_message(last_message)
    return ChatSummary(**_chat_fields(chat), last_message=last)


def detail(chat: Chat, participants: list[str], messages: list[StoredMessage]) -> ChatDetail:
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
        "is_private": chat.is_private,
    }


def _fields(message: StoredMessage) -> dict[str, Any]:
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
