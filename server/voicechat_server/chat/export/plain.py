"""A chat as plain text."""

import re
from collections.abc import AsyncIterator
from datetime import datetime

from voicechat_common.printable import printable
from voicechat_server.chat.export.escaping import lines_of, with_marked_colons
from voicechat_server.chat.export.pages import pages
from voicechat_server.chat.records import Chat, StoredMessage
from voicechat_server.chat.storage.store import Store

_INDENT = "    "
_LIKE_A_MESSAGE = re.compile(r"^(?=[\[\\])")


async def export_text(store: Store, chat: Chat) -> AsyncIterator[str]:
    """Yield a heading, then a line for each message; further lines of a message are indented."""
    # A title must not look like a message.
    title = _LIKE_A_MESSAGE.sub(r"\\", printable(chat.title))
    yield f"{title}\n{moment(chat.created_at)}, {chat.last_seq} messages\n\n"
    async for page in pages(store, chat):
        yield "".join(line(message) for message in page)


def line(message: StoredMessage) -> str:
    """Return a message's line. Indentation keeps its text from passing for somebody else's message."""
    content = f"\n{_INDENT}".join(lines_of(message.content))
    return f"[{moment(message.timestamp)}] {with_marked_colons(message.speaker)}: {content}\n"


def moment(at: datetime) -> str:
    """Return a time for people to read."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
