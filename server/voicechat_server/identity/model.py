"""What is known of somebody who asks the server for something."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a token lets its holder do, within the chats they may see."""

    READ = "read"
    WRITE = "write"
    SPEAK = "speak"
    ADMIN = "admin"
    """Everything, in every chat, and the server's administration."""


PARTICIPANT = frozenset({Scope.READ, Scope.WRITE, Scope.SPEAK})
"""The scopes of somebody who takes part in chats."""

MOST_CHATS = 20
"""Chats that one token may be limited to, so that it fits into a header."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody the server knows.

    Attributes:
        subject: Stays the same across all tokens of a person.
        name: What others see; no two subjects have names that could be mistaken for each other.
        scopes: What they may do.
        chats: The chats that their token is limited to; None for no such limit.
        token_id: The token by which they were recognised.
        expires_at: When that token ends.
    """

    subject: str
    name: str
    scopes: frozenset[Scope]
    chats: frozenset[str] | None
    token_id: str
    expires_at: datetime

    @property
    def is_admin(self) -> bool:
        """Whether they administer the server."""
        return Scope.ADMIN in self.scopes

    def has(self, scope: Scope) -> bool:
        """Return whether they have a scope; administrators have all of them."""
        return self.is_admin or scope in self.scopes


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an invitation promises to whoever redeems it.

    Attributes:
        invitation_id: Its identifier.
        scopes: The scopes of the token that it becomes.
        chats: The chats which that token is limited to; None for no such limit.
        expires_at: When the invitation ends.
        lasts_s: For how many seconds the token will be valid.
    """

    invitation_id: str
    scopes: frozenset[Scope]
    chats: frozenset[str] | None
    expires_at: datetime
    lasts_s: int
