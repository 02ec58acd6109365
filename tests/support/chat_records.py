"""Operations on chats, as tests write them down."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from voicechat_common.protocol.chat import MessageKind
from voicechat_common.protocol.speech import Word
from voicechat_server.chat.records import Chat, End, Enter, Operation, Outcome, Post, Speech, StoredMessage
from voicechat_server.chat.storage.store import Store

T0 = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)


def at(seconds: float) -> datetime:
    """A moment after `T0`."""
    return T0 + timedelta(seconds=seconds)


def enter(chat_id: str = "c", user: str = "alice", title: str = "Title", seconds: float = 0) -> Enter:
    """Somebody enters."""
    return Enter(chat_id, user, title, at(seconds))


def text(
    content: str,
    chat_id: str = "c",
    user: str = "alice",
    client_message_id: str | None = None,
    seconds: float = 1,
) -> Post:
    """Somebody writes."""
    return Post(
        chat_id,
        uuid4().hex,
        user,
        MessageKind.TEXT,
        content,
        at(seconds),
        client_message_id=client_message_id,
    )


def spoken(
    content: str, start_ms: int, end_ms: int, user: str = "alice", chat_id: str = "c", began: float = 0
) -> Post:
    """Somebody speaks in a stream that began at a second."""
    speech = Speech(
        spoken_at=at(began) + timedelta(milliseconds=start_ms),
        start_ms=start_ms,
        end_ms=end_ms,
        words=(Word(content, start_ms, end_ms),),
    )
    moment = at(began + end_ms / 1000)
    return Post(chat_id, uuid4().hex, user, MessageKind.SPEECH, content, moment, speech=speech)


def end(chat_id: str = "c", user: str = "alice", seconds: float = 2) -> End:
    """Somebody ends a chat."""
    return End(chat_id, user, at(seconds))


async def written(store: Store, *operations: Operation) -> list[Outcome]:
    """Write operations in one batch, none of which is refused."""
    results = await store.write(operations)
    outcomes = [result for result in results if isinstance(result, Outcome)]
    assert len(outcomes) == len(results), results
    return outcomes


async def everything(store: Store, chat_id: str = "c") -> list[StoredMessage]:
    """All messages of a chat."""
    return await store.messages(chat_id, since=0, limit=100_000)


async def the_chat(store: Store, chat_id: str = "c") -> Chat:
    """A chat that is there."""
    chat = await store.chat(chat_id)
    assert chat is not None
    return chat
