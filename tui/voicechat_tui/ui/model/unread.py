"""How many messages of a chat are unread: those of others that were not shown yet."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from voicechat_common.protocol.chat_http import ChatSummary, HistoryMessage

LOOKED_AT = 100
"""How many of the newest messages are searched for own ones; older ones count as other people's."""


class Spoken(BaseModel):
    """Who wrote the unread messages, as far as is known.

    Attributes:
        upto: The seq of the newest message whose speaker is known.
        own: The seqs of those the person has said, here or elsewhere.
    """

    model_config = ConfigDict(extra="ignore")

    upto: int = 0
    own: list[int] = Field(default_factory=list)


def unread(chat: ChatSummary, seen: int, spoken: Spoken) -> int:
    """Return how many messages after the last one shown are other people's."""
    own = sum(seen < seq <= chat.message_count for seq in spoken.own)
    return max(0, chat.message_count - seen - own)


def gap(chat: ChatSummary, seen: int, spoken: Spoken) -> tuple[int, int] | None:
    """Return the seq before the messages whose speakers are not known, and how many they are, or None."""
    since = max(seen, _upto(chat, spoken), chat.message_count - LOOKED_AT)
    return (since, chat.message_count - since) if chat.message_count > since else None


def learned(
    chat: ChatSummary, seen: int, spoken: Spoken, messages: Iterable[HistoryMessage], user: str
) -> Spoken:
    """Return what is known once the messages of the gap are read.

    Args:
        chat: Which chat.
        seen: The seq of the last message that was shown.
        spoken: What was known before.
        messages: Those of the gap.
        user: The person.
    """
    before = [seq for seq in spoken.own if seen < seq <= _upto(chat, spoken)]
    own = [message.seq for message in messages if message.speaker == user]
    return Spoken(upto=chat.message_count, own=[*before, *own])


def _upto(chat: ChatSummary, spoken: Spoken) -> int:
    """Return up to where speakers are known; 0 if the server has another history now."""
    return spoken.upto if spoken.upto <= chat.message_count else 0
