"""A chat as plain text."""

from collections.abc import AsyncIterator
from datetime import datetime

from voicechat_server.chat.export.pages import pages
from voicechat_server.chat.records import Chat, Message
from voicechat_server.chat.store import Store

_INDENT = "    "


async def export_text(store: Store, chat: Chat) -> AsyncIterator[str]:
    """Yield a head, then a line for each message; further lines of a message are indented."""
    yield f"{chat.title}\n{moment(chat.created_at)}, {chat.last_seq} messages\n\n"
    async for page in pages(store, chat):
        yield "".join(line(message) for message in page)


def line(message: Message) -> str:
    """Return a message's line. Indentation keeps a text from looking like somebody else's message."""
    content = message.content.replace("\n", f"\n{_INDENT}")
    return f"[{moment(message.timestamp)}] {message.speaker}: {content}\n"


def moment(at: datetime) -> str:
    """Return a time for people to read."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
