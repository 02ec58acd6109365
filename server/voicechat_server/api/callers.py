"""Who makes a request, and whether they may do what they ask for: what every route asks before it acts."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from voicechat_server.api.services import Services, services_of
from voicechat_server.chat.failures import unknown_chat
from voicechat_server.identity import failures
from voicechat_server.identity.access import Action, ChatFacts, refusal
from voicechat_server.identity.model import Identity

IDENTITY = "voicechat.identity"
"""The key of somebody's identity in a connection's scope; absent for strangers."""


@dataclass(frozen=True)
class Caller:
    """Who makes a request.

    A server that asks nobody who they are (`--auth none`) lets everybody do everything under any name.

    Attributes:
        identity: Who they are; None for a stranger, and where nobody is asked.
    """

    identity: Identity | None
    _services: Services

    @property
    def subject(self) -> str:
        """What tells them from others; empty where nobody is asked."""
        return "" if self.identity is None else self.identity.subject

    @property
    def is_admin(self) -> bool:
        """Whether they administer the server."""
        return self.identity is not None and self.identity.is_admin

    def source(self, address: str) -> str:
        """Return by what their share is counted: who they are, or else their address."""
        return address if self.identity is None else f"identity {self.identity.subject}"

    def name(self, claimed: str | None) -> str | None:
        """Return the name they act under.

        Args:
            claimed: The name in their request, if there is one.

        Raises:
            VoicechatError: `wrong_name`: the server knows them by another.
        """
        if self.identity is None:
            return claimed
        if claimed not in (None, self.identity.name):
            raise failures.wrong_name(claimed or "", self.identity.name)
        return self.identity.name

    def named(self, claimed: str) -> str:
        """Return the name they act under, where the request has to have one.

        Raises:
            VoicechatError: `wrong_name`.
        """
        return self.name(claimed) or claimed

    def check_privacy(self, *, is_private: bool) -> None:
        """Refuse to create a private chat where nobody is asked who they are.

        Raises:
            VoicechatError: `forbidden`.
        """
        if is_private and self._services.authority is None:
            raise failures.nobody_is_asked()

    def check(self, action: Action) -> None:
        """Refuse what they may do in no chat at all.

        Raises:
            VoicechatError: `unauthorized` or `forbidden`.
        """
        self._check(action, None)

    async def check_in(self, chat_id: str, action: Action) -> None:
        """Refuse what they may not do in a chat, which need not exist.

        Raises:
            VoicechatError: `not_found`, also for a chat that they may not see, `forbidden`, `not_owner` or
                `storage`.
        """
        chats = self._services.chat
        if self._services.authority is None and not chats.has_private:
            return
        chat = await chats.store.chat(chat_id)
        is_private = chat is not None and chat.is_private
        if self._services.authority is None:
            if is_private:
                raise unknown_chat(chat_id)
            return
        is_member = (
            is_private
            and self.identity is not None
            and await chats.store.is_member(chat_id, self.identity.name)
        )
        owner = None if chat is None else chat.owner
        self._check(action, ChatFacts(chat_id, owner, is_private, is_member))

    def _check(self, action: Action, chat: ChatFacts | None) -> None:
        if self._services.authority is not None and (why := refusal(self.identity, action, chat)) is not None:
            raise why


def caller_of(connection: HTTPConnection) -> Caller:
    """Return who makes this request."""
    return Caller(connection.scope.get(IDENTITY), services_of(connection))


CallerDep = Annotated[Caller, Depends(caller_of)]
