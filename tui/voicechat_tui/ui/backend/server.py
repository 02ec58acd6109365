"""What the app needs of a server, and the real one. Tests of screens bring a double."""

import asyncio
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, Self

from voicechat_common.protocol.chat_http import ChatDetail, ChatSummary, ExportFormat

if TYPE_CHECKING:
    from voicechat_tui.client.chat.events import ChatEvent
    from voicechat_tui.client.http import HttpClient


class ChatLink(Protocol):
    """The live link to a chat: `client.chat.client.ChatClient`, or what a test puts there."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *failure: object) -> None: ...

    def events(self) -> "AsyncIterator[ChatEvent]":
        """Yield what happens in the chat."""

    def send(self, text: str, client_message_id: str | None = None) -> str:
        """Send a text; return its client_message_id. Sending it again with the same id is harmless."""

    def typing(self, is_typing: bool) -> None:
        """Tell others whether this person is typing."""

    def end_chat(self) -> None:
        """End the chat for everybody."""

    def retry_now(self) -> None:
        """Make the next attempt to connect now."""


class Backend(Protocol):
    """The server. Its calls raise `VoicechatError`."""

    async def prepare(self) -> None:
        """Prepare for the calls, off the event loop. May be called again."""

    async def chats(self, user: str) -> list[ChatSummary]:
        """Return the chats a person takes part in."""

    async def create_chat(self, user: str, title: str) -> ChatDetail:
        """Create a chat that a person owns."""

    async def page(self, chat_id: str, since: int, limit: int) -> ChatDetail:
        """Return a chat with its messages after a seq."""

    async def export(self, chat_id: str, form: ExportFormat) -> bytes:
        """Return a whole chat as a file."""

    def join(self, chat_id: str, user: str, since: int) -> ChatLink:
        """Return a link to a chat, not yet entered."""

    async def aclose(self) -> None:
        """Close all connections."""


class ServerBackend:
    """The backend of the app: a server, by its address.

    What speaks to it is imported with the first call, after the first frame is drawn.

    Args:
        url: The server's address, as a person writes it.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: HttpClient | None = None

    async def prepare(self) -> None:
        """Import what the calls need, off the event loop."""
        for module in ("voicechat_tui.client.http", "voicechat_tui.client.chat.client"):
            await asyncio.to_thread(import_module, module)

    @property
    def _http(self) -> "HttpClient":
        from voicechat_tui.client.http import HttpClient

        if self._client is None:
            self._client = HttpClient(self._url)
        return self._client

    async def chats(self, user: str) -> list[ChatSummary]:
        """Return the chats a person takes part in."""
        return (await self._http.chats(user)).chat_list

    async def create_chat(self, user: str, title: str) -> ChatDetail:
        """Create a chat that a person owns."""
        return await self._http.create_chat(user, title)

    async def page(self, chat_id: str, since: int, limit: int) -> ChatDetail:
        """Return a chat with its messages after a seq."""
        return await self._http.chat(chat_id, since=since, limit=limit)

    async def export(self, chat_id: str, form: ExportFormat) -> bytes:
        """Return a whole chat as a file."""
        return await self._http.export(chat_id, form)

    def join(self, chat_id: str, user: str, since: int) -> ChatLink:
        """Return a link to a chat, not yet entered. It retries for ever, because a person can wait."""
        from voicechat_tui.client.chat.client import ChatClient
        from voicechat_tui.client.chat.policy import ChatPolicy

        policy = replace(ChatPolicy(), unreachable_s=math.inf, not_ready_s=math.inf)
        return ChatClient(self._url, chat_id, user, since=since, policy=policy)

    async def aclose(self) -> None:
        """Close the HTTP connections."""
        if self._client is not None:
            await self._client.__aexit__(None, None, None)
