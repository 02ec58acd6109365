"""A chat as plain text, and how names, texts and times stand in an export for people."""

import re
from collections.abc import AsyncIterator
from datetime import datetime
from functools import lru_cache

from voicechat_common.likeness import skeleton
from voicechat_common.printable import printable, printable_lines
from voicechat_server.chat.export.pages import pages
from voicechat_server.chat.records import Chat, StoredMessage
from voicechat_server.chat.storage.store import Store

_INDENT = "    "
_LINE_ENDS = re.compile("\r\n|[\n\u2028\u2029]")
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


def lines_of(content: str) -> list[str]:
    """Return the lines of a text. Old chats may have line ends that are no longer accepted."""
    return [printable_lines(line) for line in _LINE_ENDS.split(content)]


@lru_cache(maxsize=1 << 12)
def with_marked_colons(name: str) -> str:
    r"""Return a name with `\` before each `\` and what reads like a colon: a colon alone ends a name."""
    return "".join(
        f"\\{character}" if character == "\\" or ":" in skeleton(character) else character
        for character in printable(name)
    )
