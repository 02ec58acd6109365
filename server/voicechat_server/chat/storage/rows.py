"""Records as rows of the tables, and back."""

from typing import Any

from sqlalchemy import RowMapping

from voicechat_common.protocol.chat import MessageKind
from voicechat_common.protocol.speech import Word
from voicechat_server.chat.records import Chat, Speech, StoredMessage


def chat_row(chat: Chat) -> dict[str, Any]:
    """Return a chat as a row."""
    return {
        "chat_id": chat.chat_id,
        "title": chat.title,
        "owner": chat.owner,
        "created_at": chat.created_at,
        "ended_at": chat.ended_at,
        "ended_by": chat.ended_by,
        "last_seq": chat.last_seq,
        "is_private": chat.is_private,
    }


def chat_of(row: RowMapping) -> Chat:
    """Return the chat of a row."""
    return Chat(**row)


def message_row(message: StoredMessage) -> dict[str, Any]:
    """Return a message as a row."""
    speech = message.speech
    return {
        "message_id": message.message_id,
        "chat_id": message.chat_id,
        "seq": message.seq,
        "speaker": message.speaker,
        "kind": message.kind.value,
        "content": message.content,
        "timestamp": message.timestamp,
        "client_message_id": message.client_message_id,
        "spoken_at": speech and speech.spoken_at,
        "start_ms": speech and speech.start_ms,
        "end_ms": speech and speech.end_ms,
        "words": speech and [list(word) for word in speech.words],
    }


def message_of(row: RowMapping) -> StoredMessage:
    """Return the message of a row."""
    return StoredMessage(
        message_id=row["message_id"],
        chat_id=row["chat_id"],
        seq=row["seq"],
        speaker=row["speaker"],
        kind=MessageKind(row["kind"]),
        content=row["content"],
        timestamp=row["timestamp"],
        client_message_id=row["client_message_id"],
        speech=_speech_of(row),
    )


def _speech_of(row: RowMapping) -> Speech | None:
    if row["spoken_at"] is None:
        return None
    words = tuple(Word(*word) for word in row["words"] or ())
    return Speech(row["spoken_at"], row["start_ms"], row["end_ms"], words)
