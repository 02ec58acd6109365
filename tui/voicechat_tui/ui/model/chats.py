"""The list of chats: which are shown, their last messages, and how many are unread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from voicechat_common.protocol.chat import ChatStatus
from voicechat_common.protocol.chat_http import ChatSummary
from voicechat_tui.ui.model.unread import Spoken, unread


@dataclass(frozen=True)
class ChatItem:
    """A chat in the list.

    Attributes:
        chat_id: Its id.
        title: What it is called.
        last: The last message and who wrote it; empty if there is none.
        at: When that was, or when the chat was begun.
        unread: Stored messages of others that were not shown yet.
        ended: Whether it has ended.
        drafted: Whether it has an unsent draft.
    """

    chat_id: str
    title: str
    last: str
    at: datetime
    unread: int
    ended: bool
    drafted: bool


def items(
    summaries: Sequence[ChatSummary],
    seen: Mapping[str, int],
    drafts: Mapping[str, str],
    zone: tzinfo | None,
    search: str = "",
    spoken: Mapping[str, Spoken] | None = None,
) -> list[ChatItem]:
    """Return the chats to show, the one with the newest words first.

    Args:
        summaries: What the server has.
        seen: The seq of the last message that was shown, by chat.
        drafts: What is written and not sent, by chat.
        zone: The time zone to show.
        search: Words that all have to be in a chat's title, id or last message.
        spoken: Who has said what was not shown, by chat.
    """
    found = [_item(chat, seen, drafts, zone, spoken or {}) for chat in summaries]
    words = search.casefold().split()
    found = [item for item in found if all(word in _searched(item) for word in words)]
    return sorted(found, key=lambda item: item.at, reverse=True)


def clock(at: datetime, now: datetime) -> str:
    """Return a time in its shortest clear form: the time for today, else the date."""
    if at.date() == now.date():
        return f"{at:%H:%M}"
    return f"{at:%m-%d}" if at.year == now.year else f"{at:%Y-%m}"


def _item(
    chat: ChatSummary,
    seen: Mapping[str, int],
    drafts: Mapping[str, str],
    zone: tzinfo | None,
    spoken: Mapping[str, Spoken],
) -> ChatItem:
    last = chat.last_message
    return ChatItem(
        chat_id=chat.chat_id,
        title=chat.title,
        last=f"{last.speaker}: {' '.join(last.content.split())}" if last else "",
        at=(last.timestamp if last else chat.created_at).astimezone(zone),
        unread=unread(chat, seen.get(chat.chat_id, 0), spoken.get(chat.chat_id, Spoken())),
        ended=chat.status is ChatStatus.ENDED,
        drafted=bool(drafts.get(chat.chat_id)),
    )


def _searched(item: ChatItem) -> str:
    return f"{item.title}\n{item.chat_id}\n{item.last}".casefold()
