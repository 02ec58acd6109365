"""A chat as Markdown."""

import re
from collections.abc import AsyncIterator

from voicechat_common.printable import printable
from voicechat_server.chat.export.pages import pages
from voicechat_server.chat.export.plain import lines_of, moment
from voicechat_server.chat.records import Chat, StoredMessage
from voicechat_server.chat.storage.store import Store

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&$=])")


async def export_markdown(store: Store, chat: Chat) -> AsyncIterator[str]:
    """Yield a heading, then each message as a name with a time and a quotation."""
    yield f"# {escape(chat.title)}\n\n{moment(chat.created_at)}, {chat.last_seq} messages\n"
    async for page in pages(store, chat):
        yield "".join(paragraph(message) for message in page)


def paragraph(message: StoredMessage) -> str:
    """Return a message's paragraphs."""
    lines = "\n".join(f"> {escape(each)}  " for each in lines_of(message.content))
    kind = " 🎤" if message.speech else ""
    return f"\n**{escape(message.speaker)}**{kind} · {moment(message.timestamp)}\n\n{lines}\n"


def escape(text: str) -> str:
    """Return text that Markdown shows as it is, whatever it says."""
    return _SPECIAL.sub(r"\\\1", printable(text).lstrip(" "))
