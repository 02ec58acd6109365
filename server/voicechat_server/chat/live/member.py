"""One connection to a chat: what it receives, in order and without gaps, and what it says."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Protocol

from voicechat_common.errors import VoicechatError
from voicechat_common.protocol.chat import ChatError, MessageAck, SendMessage
from voicechat_common.protocol.codec import encode
from voicechat_server.chat.live import wire
from voicechat_server.chat.live.frame_queue import Frame, FrameQueue
from voicechat_server.chat.live.hub import Broadcast
from voicechat_server.chat.observer import ChatObserver
from voicechat_server.chat.records import Chat, Outcome, StoredMessage

PAGE = 500
"""Messages of the history to read at a time."""

AT_A_TIME = 16
"""Messages to send before yielding to the event loop."""

MAX_IN_FLIGHT = 32
"""Messages of one connection that may be waiting to become durable; beyond that, the next is not read."""


class Host(Protocol):
    """What a connection needs from the chat service."""

    observer: ChatObserver

    async def page(self, chat_id: str, since: int, limit: int) -> Sequence[StoredMessage]:
        """Return stored messages after a seq, in order."""

    def passing_state(self, chat_id: str) -> Sequence[Broadcast]:
        """Return the transient state, which is not in the history."""

    def post(
        self, chat_id: str, user: str, content: str, client_message_id: str | None
    ) -> asyncio.Future[Outcome]:
        """Take a message; the future resolves once it is durable."""

    def set_typing(self, chat_id: str, user: str, *, is_typing: bool) -> None:
        """Note that somebody is typing or has stopped."""

    async def end(self, chat_id: str, user: str, *, is_admin: bool = False) -> Chat:
        """End the chat."""


class Member:
    """A connection, from joining a chat to leaving it.

    Args:
        host: The chat service.
        chat_id: Which chat.
        user: Who.
        since: The seq of the last message the client has.
        queue_limit: Frames that may wait for the client.

    Attributes:
        chat_id: Which chat.
        user: Who.
        frames: What is to be sent after the history.
    """

    def __init__(self, host: Host, chat_id: str, user: str, since: int, queue_limit: int) -> None:
        self.user = user
        self.frames = FrameQueue(queue_limit)
        self._host = host
        self.chat_id = chat_id
        self._cursor = since
        self._newest_seq = 0
        self._has_entered = False
        self._is_live = False
        self._slots = asyncio.Semaphore(MAX_IN_FLIGHT)

    def enter(self) -> None:
        """Note that the client's list of who is present has been taken; later changes are sent to it.

        Earlier ones would contradict the list, which is sent first.
        """
        self._has_entered = True

    def receive(self, broadcast: Broadcast) -> None:
        """Take a broadcast. Until the client has caught up, stored messages come from the history instead."""
        if broadcast.author is not None and (broadcast.author == self.user or not self._has_entered):
            return
        if broadcast.seq is not None:
            self._newest_seq = max(self._newest_seq, broadcast.seq)
            if not self._is_live or broadcast.seq <= self._cursor:
                return
            self._cursor = broadcast.seq
        elif broadcast.frame.is_transient and not self._is_live:
            return
        self.frames.put(broadcast.frame)

    async def history(self) -> AsyncIterator[Frame]:
        """Yield the stored messages that the client lacks; after the last of them, the connection is live.

        Raises:
            VoicechatError: `storage`.
        """
        while not self._is_live:
            page = await self._host.page(self.chat_id, self._cursor, PAGE)
            for number, message in enumerate(page):
                self._cursor = message.seq
                yield wire.history_frame(message)
                if number % AT_A_TIME == 0:
                    await asyncio.sleep(0)
            # A message published while the page was read or sent may not be in it.
            if len(page) < PAGE and self._cursor >= self._newest_seq:
                self._is_live = True
        for broadcast in self._host.passing_state(self.chat_id):
            self.receive(broadcast)

    async def say(self, message: SendMessage) -> None:
        """Take a message of the client, which gets an ack once it is durable, or an error.

        Returns when another message can be taken.
        """
        await self._slots.acquire()
        send_outcome = partial(self._send_outcome, message.client_message_id)
        try:
            future = self._host.post(self.chat_id, self.user, message.content, message.client_message_id)
        except VoicechatError as error:
            self._slots.release()
            self.send_error(error, client_message_id=message.client_message_id)
        else:
            future.add_done_callback(send_outcome)

    def set_typing(self, *, is_typing: bool) -> None:
        """Note that the client is typing or has stopped."""
        self._host.set_typing(self.chat_id, self.user, is_typing=is_typing)

    async def end_chat(self, *, is_admin: bool = False) -> None:
        """End the chat on behalf of the client.

        Args:
            is_admin: Whether the client may, even without owning it.

        Raises:
            VoicechatError: `not_owner` or `storage`.
        """
        await self._host.end(self.chat_id, self.user, is_admin=is_admin)

    def send_error(self, error: VoicechatError, *, client_message_id: str | None = None) -> None:
        """Send an error after which the connection stays open."""
        self._host.observer.error_sent(error.code)
        self.frames.put(Frame(encode(ChatError.of(error, client_message_id=client_message_id))))

    def _send_outcome(self, client_message_id: str | None, future: asyncio.Future[Outcome]) -> None:
        self._slots.release()
        error = future.exception()
        if isinstance(error, VoicechatError):
            self.send_error(error, client_message_id=client_message_id)
            return
        message = future.result().message
        if message is not None:
            ack = MessageAck(
                client_message_id=client_message_id, message_id=message.message_id, seq=message.seq
            )
            self.frames.put(Frame(encode(ack)))
