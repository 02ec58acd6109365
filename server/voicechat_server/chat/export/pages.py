"""Reading a whole chat, page by page."""

from collections.abc import AsyncIterator

from voicechat_server.chat.records import Chat, Message
from voicechat_server.chat.storage.store import Store

PAGE = 500


async def pages(store: Store, chat: Chat) -> AsyncIterator[list[Message]]:
    """Yield the messages a chat has when the reading begins, in order."""
    since = 0
    while since < chat.last_seq:
        page = await store.messages(chat.chat_id, since=since, limit=min(PAGE, chat.last_seq - since))
        yield page
        since = page[-1].seq


async def speeches(store: Store, chat: Chat) -> AsyncIterator[Message]:
    """Yield the spoken messages of a chat, in the order in which they were begun."""
    last: Message | None = None
    while page := await store.speeches(chat.chat_id, after=last, limit=PAGE):
        for message in page:
            yield message
        last = page[-1]
