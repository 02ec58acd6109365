"""How many messages of a chat are unread: those of others that were not shown yet."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from voicechat_common.protocol.chat_http import ChatSummary, HistoryMessage

LOOKED_AT = 100
"""The newest messages of a chat among which own ones are looked for; older ones count as other people's."""


class Spoken(BaseModel):
    """Who has said what is unread, as far as it is known.

    Attributes:
        upto: The seq of the newest message whose speaker is known.
        own: The seqs of those the person has said, here or elsewhere.
    """

    model_config = ConfigDict(extra="ignore")

    upto: int = 0
    own: list[int] = Field(default_factory=list)


def unread(chat: ChatSummary, seen: int, spoken: Spoken) -> int:
    """Return how many messages after the last one that was shown are other people's."""
    own = sum(seen < seq <= chat.message_count for seq in spoken.own)
    return max(0, chat.message_count - seen - own)


def gap(chat: ChatSummary, seen: int, spoken: Spoken) -> tuple[int, int] | None:
    """Return the seq before the messages whose speakers are not known, and how many they are, or None."""
    since = max(seen, _upto(chat, spoken), chat.message_count - LOOKED_AT)
    return (since, chat.message_count - since) if chat.message_count > since else None


def learned(
    chat: ChatSummary, seen: int, spoken: Spoken, messages: Iterable[HistoryMessage], user: str
) -> Spoken:
    """Return what is known after the messages of the gap were looked at.

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
    """Return what is known; nothing if the server has another history now."""
    return spoken.upto if spoken.upto <= chat.message_count else 0
