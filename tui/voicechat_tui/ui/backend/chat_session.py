"""An open chat: what is known of it, and the connection that keeps it up to date."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.chat import ChatEnded, ChatStatus
from voicechat_tui.client.chat import failures
from voicechat_tui.client.chat.events import (
    Acked,
    CaughtUp,
    ChatEvent,
    Connected,
    Failed,
    HistoryRestarted,
    NetworkDelay,
    Postponed,
    PresenceChanged,
    Refused,
    Resumed,
    TextQueued,
    TypingChanged,
)
from voicechat_tui.client.chat.outbox import check_capacity, checked_text
from voicechat_tui.client.chat.policy import ChatPolicy
from voicechat_tui.client.connection.core import Retrying
from voicechat_tui.ui.backend.server import ChatLink
from voicechat_tui.ui.model.conversation import Conversation
from voicechat_tui.ui.model.status import ConnectionState, ConnectionStatus, Waiting

EVENTS_AHEAD = 256
"""Events that may wait for the app. Beyond that nothing is read, so that the server notices."""


class ChatSession:
    """A chat that is open.

    Args:
        chat_id: Which.
        title: What it is called, as far as that is known.
        conversation: What is known of it.
        unsent: Own texts of an earlier run that are not known to be stored, by client_message_id.
        ended: Whether the chat is known to have ended.

    Attributes:
        connection: The state of the connection.
        participants: Who is present.
        typing: Who is typing.
        owner: Who may end it.
        ended: Whether the chat has ended.
        caught_up: Whether everything stored before has arrived.
    """

    def __init__(
        self,
        chat_id: str,
        title: str,
        conversation: Conversation,
        unsent: dict[str, str],
        *,
        ended: bool = False,
    ) -> None:
        self.chat_id = chat_id
        self.title = title
        self.conversation = conversation
        self.unsent = unsent
        self.connection = ConnectionStatus()
        self.participants: tuple[str, ...] = ()
        self.typing: tuple[str, ...] = ()
        self.owner = ""
        self.ended = ended
        self.caught_up = False
        self.link: ChatLink | None = None
        self._waits_since: float | None = None
        self._postponed: tuple[float | None, str] = (None, "")
        self._slots = asyncio.Semaphore(EVENTS_AHEAD)
        for name, text in unsent.items():
            conversation.apply(TextQueued(client_message_id=name, content=text))

    @property
    def is_joining(self) -> bool:
        """Whether the history is still to come, from a server that seems to answer."""
        return not self.caught_up and self.connection.state in (
            ConnectionState.CONNECTING,
            ConnectionState.CONNECTED,
        )

    async def run(
        self, join: Callable[[int], ChatLink], since: int, emit: Callable[[ChatEvent], object]
    ) -> None:
        """Stay in the chat and report events, at most `EVENTS_AHEAD` ahead of the consumer.

        Args:
            join: Returns a link to the chat that begins after a seq.
            since: The seq of the last message that is known. A server that has not so many, because it has
                another history now, is asked for all it has.
            emit: Called with each event.
        """
        if not await self._stay(join(since), since, emit):
            await self._emit(HistoryRestarted(), emit)
            await self._emit(Retrying(in_s=0.0, reason=failures.other_history().message), emit)
            await self._stay(join(0), 0, emit)

    async def _stay(self, link: ChatLink, since: int, emit: Callable[[ChatEvent], object]) -> bool:
        """Stay until the link ends; return False if the server may never have had so many messages."""
        async with link:
            self.link = link
            try:
                await self._hand_over(link, emit)
                async for event in link.events():
                    if since and isinstance(event, Failed) and event.code is ErrorCode.BAD_FIELD:
                        return False
                    await self._emit(event, emit)
            finally:
                self.link = None
        return True

    async def _hand_over(self, link: ChatLink, emit: Callable[[ChatEvent], object]) -> None:
        for name, text in list(self.unsent.items()):
            try:
                link.send(text, name)
            except VoicechatError as error:
                await self._emit(Refused.of(name, text, error), emit)

    async def _emit(self, event: ChatEvent, emit: Callable[[ChatEvent], object]) -> None:
        await self._slots.acquire()
        emit(event)

    def say(self, text: str) -> int | None:
        """Send a text; it is shown as waiting at once, even offline. Return as `apply` does.

        Raises:
            VoicechatError: `bad_field` if it can't be a message, `busy` if too many wait.
        """
        if self.link is not None:
            name = self.link.send(text)
        else:
            check_capacity(len(self.unsent), ChatPolicy())
            text = checked_text(text)
            name = uuid4().hex
        self.unsent[name] = text
        return self.conversation.apply(TextQueued(client_message_id=name, content=text))

    def waiting(self, now: float) -> Waiting | None:
        """Return the own texts that wait, or None; `now` is of the app's clock."""
        if not self.unsent:
            self._waits_since = None
            return None
        self._waits_since = now if self._waits_since is None else self._waits_since
        return Waiting(self._waits_since, *self._postponed, len(self.unsent))

    def apply(self, event: ChatEvent, now: float) -> int | None:
        """Take an event; return the place from which rows of the conversation have changed, or None.

        Args:
            event: What the connection reported.
            now: Seconds of the app's clock.
        """
        self._slots.release()
        if isinstance(event, TextQueued):
            return None  # It has been there since it was said.
        self._note(event, now)
        return self.conversation.apply(event)

    def _note(self, event: ChatEvent, now: float) -> None:
        match event:
            case Connected(established=chat) | Resumed(established=chat):
                self.connection = ConnectionStatus(ConnectionState.CONNECTED)
                self.title, self.owner = chat.title, chat.owner
                self.participants, self.typing = tuple(chat.participants), ()
                self.ended = chat.status is ChatStatus.ENDED
            case Retrying(in_s=in_s, reason=reason, advice=advice):
                self.connection = ConnectionStatus(
                    ConnectionState.RETRYING, now + in_s, reason=reason, advice=advice
                )
                self.typing = ()
            case Failed(message=message, advice=advice):
                self.connection = ConnectionStatus(ConnectionState.FAILED, reason=message, advice=advice)
            case NetworkDelay(ms=ms):
                self.connection.network_ms = ms
            case PresenceChanged(participants=participants):
                self.participants = participants
            case TypingChanged(typing=typing):
                self.typing = typing
            case CaughtUp():
                self.caught_up = True
            case ChatEnded():
                self.ended = True
            case Postponed(in_s=in_s, reason=reason):
                self._postponed = (now + in_s, reason)
            case Acked(client_message_id=name) | Refused(client_message_id=name):
                self.unsent.pop(name, None)
                self._waits_since, self._postponed = None, (None, "")
            case _:
                pass
