"""What somebody may do: one table, and the one function that reads it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from voicechat_common.errors import VoicechatError
from voicechat_server.chat.failures import unknown_chat
from voicechat_server.identity import failures
from voicechat_server.identity.model import Identity, Scope


class Action(StrEnum):
    """What can be done on a server. Every route and every message is one of these."""

    LOOK = "look"
    """See what the server is and how it is doing, without seeing anybody's chats."""
    REDEEM = "redeem"
    WHOAMI = "whoami"
    LIST = "list"
    CREATE = "create"
    READ = "read"
    EXPORT = "export"
    POST = "post"
    TYPE = "type"
    TRANSCRIBE = "transcribe"
    """Have speech recognised that belongs to no chat."""
    SPEAK = "speak"
    RESUME = "resume"
    END = "end"
    MEMBERS = "members"
    ADMIT = "admit"
    HAND_OVER = "hand_over"
    METRICS = "metrics"


class Standing(IntEnum):
    """How somebody stands towards a chat; each includes those before it."""

    OUTSIDE = 0
    """To them the chat doesn't exist."""
    INSIDE = 1
    OWNER = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """What an action needs.

    Attributes:
        scope: The scope of the token; None if any token will do.
        standing: How one has to stand towards the chat; None if it isn't about one.
        is_public: Whether not even a token is needed.
    """

    scope: Scope | None = None
    standing: Standing | None = None
    is_public: bool = False


RULES: Mapping[Action, Rule] = {
    Action.LOOK: Rule(is_public=True),
    Action.REDEEM: Rule(is_public=True),
    Action.WHOAMI: Rule(),
    Action.LIST: Rule(Scope.READ),
    Action.CREATE: Rule(Scope.WRITE),
    Action.READ: Rule(Scope.READ, Standing.INSIDE),
    Action.EXPORT: Rule(Scope.READ, Standing.INSIDE),
    Action.POST: Rule(Scope.WRITE, Standing.INSIDE),
    Action.TYPE: Rule(Scope.WRITE, Standing.INSIDE),
    Action.TRANSCRIBE: Rule(Scope.SPEAK),
    Action.SPEAK: Rule(Scope.SPEAK, Standing.INSIDE),
    Action.RESUME: Rule(Scope.SPEAK),
    Action.END: Rule(Scope.WRITE, Standing.OWNER),
    Action.MEMBERS: Rule(Scope.READ, Standing.INSIDE),
    Action.ADMIT: Rule(Scope.WRITE, Standing.OWNER),
    Action.HAND_OVER: Rule(Scope.WRITE, Standing.OWNER),
    Action.METRICS: Rule(Scope.ADMIN),
}
"""docs/identity.md has the same table, and a test compares the two."""


@dataclass(frozen=True, slots=True)
class ChatFacts:
    """What of a chat decides who may do what in it.

    Attributes:
        chat_id: Which chat.
        owner: Who owns it; None if it does not exist, and would be created.
        is_private: Whether only its owner and its members see it.
        is_member: Whether the one who asks is a member.
    """

    chat_id: str
    owner: str | None
    is_private: bool = False
    is_member: bool = False


def standing(identity: Identity, chat: ChatFacts) -> Standing:
    """Return how somebody stands towards a chat."""
    if identity.chats is not None and chat.chat_id not in identity.chats:
        return Standing.OUTSIDE
    if identity.is_admin or chat.owner == identity.name:
        return Standing.OWNER
    if chat.owner is None:
        return Standing.INSIDE if identity.has(Scope.WRITE) else Standing.OUTSIDE
    return Standing.INSIDE if chat.is_member or not chat.is_private else Standing.OUTSIDE


def refusal(
    identity: Identity | None, action: Action, chat: ChatFacts | None = None
) -> VoicechatError | None:
    """Return why somebody may not do something, or None if they may.

    Args:
        identity: Who; None for a stranger.
        action: What.
        chat: In which chat. Without it, only what holds for every chat is looked at.
    """
    rule = RULES[action]
    if rule.is_public:
        return None
    if identity is None:
        return failures.no_token()
    stands = None if chat is None else standing(identity, chat)
    if chat is not None and stands is Standing.OUTSIDE:
        return unknown_chat(chat.chat_id)
    if rule.scope is not None and not identity.has(rule.scope):
        return failures.missing_scope(rule.scope)
    if action is Action.CREATE and identity.chats is not None:
        return failures.limited_token()
    if chat is not None and stands is not None and rule.standing is not None and stands < rule.standing:
        # What isn't there has no owner, and must not tell it from what one may not see.
        return (
            unknown_chat(chat.chat_id)
            if chat.owner is None
            else failures.owners_only(chat.chat_id, chat.owner)
        )
    return None
