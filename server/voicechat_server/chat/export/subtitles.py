"""What was spoken in a chat, as SubRip subtitles.

Time zero is the start of the stream in which the first words were spoken, so that the subtitles of a single
recording match the recording.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from voicechat_common.printable import printable
from voicechat_server.chat.export.pages import speeches
from voicechat_server.chat.export.plain import with_marked_colons
from voicechat_server.chat.records import Chat, Speech, StoredMessage
from voicechat_server.chat.storage.store import Store

_SHORTEST_MS = 1
_MARKUP = str.maketrans("<{", "＜｛")
"""Replaces what players take for markup, which would hide a part of a name."""


async def export_subtitles(store: Store, chat: Chat) -> AsyncIterator[str]:
    """Yield a cue for each spoken message, in the order in which they began."""
    zero: datetime | None = None
    number = 0
    async for message in speeches(store, chat):
        if message.speech is None:
            continue
        if zero is None:
            zero = message.speech.spoken_at - timedelta(milliseconds=message.speech.start_ms)
        number += 1
        yield cue(number, message, message.speech, zero)


def cue(number: int, message: StoredMessage, speech: Speech, zero: datetime) -> str:
    """Return one cue. A blank line in the text would end it, so the text becomes one line."""
    begin = (speech.spoken_at - zero) // timedelta(milliseconds=1)
    end = begin + max(_SHORTEST_MS, speech.end_ms - speech.start_ms)
    text = " ".join(printable(message.content).split())
    said = f"{with_marked_colons(message.speaker)}: {text}".translate(_MARKUP).replace("-->", "-\u2192")
    return f"{number}\n{timecode(begin)} --> {timecode(end)}\n{said}\n\n"


def timecode(milliseconds: int) -> str:
    """Return a time in SubRip notation."""
    seconds, ms = divmod(milliseconds, 1000)
    minutes, s = divmod(seconds, 60)
    hours, m = divmod(minutes, 60)
    return f"{hours:02}:{m:02}:{s:02},{ms:03}"
