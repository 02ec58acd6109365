"""Reads a whole chat, page by page."""

from collections.abc import AsyncIterator

from voicechat_server.chat.records import Chat, StoredMessage
from voicechat_server.chat.storage.store import Store

PAGE = 500


async def pages(store: Store, chat: Chat) -> AsyncIterator[list[StoredMessage]]:
    """Yield the messages that a chat has at the start, in order."""
    since = 0
    while since < chat.last_seq:
        page = await store.messages(chat.chat_id, since=since, limit=min(PAGE, chat.last_seq - since))
        yield page
        since = page[-1].seq


async def speeches(store: Store, chat: Chat) -> AsyncIterator[StoredMessage]:
    """Yield the spoken messages of a chat, in the order in which they began."""
    last: StoredMessage | None = None
    while page := await store.speeches(chat.chat_id, after=last, limit=PAGE):
        for message in page:
            yield message
        last = page[-1]
