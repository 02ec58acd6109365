"""The chat client: a place in a chat over a real socket, kept through outages."""

from collections.abc import AsyncIterator
from random import Random
from typing import Self
from uuid import uuid4

from pydantic import ValidationError

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.mistakes import describe
from voicechat_common.protocol.chat import ChatQuery
from voicechat_tui.client.chat.core import ChatCore
from voicechat_tui.client.chat.events import ChatEvent, Failed
from voicechat_tui.client.chat.policy import ChatPolicy
from voicechat_tui.client.connection.address import chat_url
from voicechat_tui.client.connection.link import Link
from voicechat_tui.language import _


class ChatClient:
    """One person in one chat. An async context manager; `events` must be read while it is open.

    Args:
        server: The server's address, as a person writes it.
        chat_id: Which chat; one that does not exist is created.
        user: Who; None for a guest, whom the server names.
        since: The seq of the last message the application has already.
        policy: The limits.

    Raises:
        VoicechatError: `bad_setting` if one of these can't be used.
    """

    def __init__(
        self,
        server: str,
        chat_id: str,
        user: str | None = None,
        *,
        since: int = 0,
        policy: ChatPolicy | None = None,
    ) -> None:
        limits = policy or ChatPolicy()
        query = _query(chat_id, user, since)
        chat_url(server, query)
        # The jitter of a delay guards nothing.
        self._core = ChatCore(query, limits, Random(), uuid4().hex[:16])  # noqa: S311
        self._link = Link[ChatEvent](self._core, lambda: chat_url(server, self._core.query), limits)

    async def __aenter__(self) -> Self:
        self._link.open()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Leave the chat. Texts that are not acknowledged yet may or may not be stored; `unsent` has them."""
        await self._link.close()

    @property
    def unsent(self) -> dict[str, str]:
        """The texts that are not known to be durable, in order, by client_message_id."""
        return self._core.unsent

    async def events(self) -> AsyncIterator[ChatEvent]:
        """Yield what happens, until the client is closed or has failed; then `Failed` is the last."""
        while (event := await self._link.next_event()) is not None:
            yield event
        try:
            await self._link.join()
        except VoicechatError as error:
            yield Failed.of(error)

    def send(self, text: str, client_message_id: str | None = None) -> str:
        """Say something; it is sent again by itself until it is stored, or refused.

        Args:
            text: What.
            client_message_id: A name that makes saying it again harmless; one is made unless given. If it
                stands for another text already, this one is `Refused`.

        Returns:
            The client_message_id, which `Acked`, `Postponed` and `Refused` repeat.

        Raises:
            VoicechatError: `bad_field` if it can't be a message, `busy` if too many wait, `id_taken` if
                another text of that name waits.
        """
        name = self._core.send(text, client_message_id)
        self._link.wake()
        return name

    def typing(self, is_typing: bool) -> None:
        """Announce that this person is typing or has stopped; may be called with every key."""
        self._core.set_typing(self._link.now, is_typing=is_typing)
        self._link.wake()

    def end_chat(self) -> None:
        """End the chat for everybody, after the texts so far; `ChatEnded` or a `ChatError` answers."""
        self._core.end_chat()
        self._link.wake()

    def retry_now(self) -> None:
        """Connect now, if the client waits for its next attempt."""
        self._link.retry_now()


def _query(chat_id: str, user: str | None, since: int) -> ChatQuery:
    try:
        return ChatQuery(id=chat_id, user=user, since=since)
    except ValidationError as error:
        raise VoicechatError(
            ErrorCode.BAD_SETTING,
            _("This chat can't be joined: {reason}.", reason=describe(error)),
            _("Correct the chat's id or the user's name."),
        ) from error
