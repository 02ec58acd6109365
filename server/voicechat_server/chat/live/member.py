"""One connection to a chat: what it is told, in order and without gaps, and what it says."""

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
from voicechat_server.chat.records import Chat, Message, Outcome

PAGE = 500
"""Messages of the history read and sent at a time."""

AT_A_TIME = 16
"""So many of them are sent before the event loop attends to others."""

MAX_IN_FLIGHT = 32
"""Messages of one connection that may wait to become durable; then the next is not read."""


class Host(Protocol):
    """What a connection needs of the chat service."""

    observer: ChatObserver

    async def page(self, chat_id: str, since: int, limit: int) -> Sequence[Message]:
        """Return stored messages after a seq, in order."""

    def passing_state(self, chat_id: str) -> Sequence[Broadcast]:
        """Return what is true only now."""

    def post(
        self, chat_id: str, user: str, content: str, client_message_id: str | None
    ) -> asyncio.Future[Outcome]:
        """Take a message; the future tells when it is durable."""

    def set_typing(self, chat_id: str, user: str, *, is_typing: bool) -> None:
        """Note that somebody types or has stopped."""

    async def end(self, chat_id: str, user: str) -> Chat:
        """End the chat."""


class Member:
    """A connection from its joining to its leaving.

    Args:
        host: The chat service.
        chat_id: Which chat.
        user: Who.
        since: The seq of the last message the client has.
        queue_limit: Frames that may wait for the client.

    Attributes:
        user: Who.
        frames: What waits to be sent, once the history has been.
    """

    def __init__(self, host: Host, chat_id: str, user: str, since: int, queue_limit: int) -> None:
        self.user = user
        self.frames = FrameQueue(queue_limit)
        self._host = host
        self._chat_id = chat_id
        self._cursor = since
        self._heard = 0
        self._has_entered = False
        self._is_live = False
        self._slots = asyncio.Semaphore(MAX_IN_FLIGHT)

    def enter(self) -> None:
        """Note that the list of who is there is taken for the client; what people do after it is told, too.

        Before, it would contradict the list, which is sent first.
        """
        self._has_entered = True

    def receive(self, broadcast: Broadcast) -> None:
        """Take a broadcast. Until the client has caught up, the history tells what was stored."""
        if broadcast.author is not None and (broadcast.author == self.user or not self._has_entered):
            return
        if broadcast.seq is not None:
            self._heard = max(self._heard, broadcast.seq)
            if not self._is_live or broadcast.seq <= self._cursor:
                return
            self._cursor = broadcast.seq
        elif broadcast.frame.is_passing and not self._is_live:
            return
        self.frames.put(broadcast.frame)

    async def history(self) -> AsyncIterator[Frame]:
        """Yield the stored messages that the client lacks; after the last, it is told what happens live.

        Raises:
            VoicechatError: `storage`.
        """
        while not self._is_live:
            page = await self._host.page(self._chat_id, self._cursor, PAGE)
            for number, message in enumerate(page):
                self._cursor = message.seq
                yield wire.history_frame(message)
                if number % AT_A_TIME == 0:
                    await asyncio.sleep(0)
            # A message published while the page was read or sent may not be in it.
            if len(page) < PAGE and self._cursor >= self._heard:
                self._is_live = True
        for broadcast in self._host.passing_state(self._chat_id):
            self.receive(broadcast)

    async def say(self, message: SendMessage) -> None:
        """Take a message of the client, which is told when it is durable, or why it is not.

        Returns when another message may be taken.
        """
        await self._slots.acquire()
        told = partial(self._tell_outcome, message.client_message_id)
        try:
            future = self._host.post(self._chat_id, self.user, message.content, message.client_message_id)
        except VoicechatError as error:
            self._slots.release()
            self.tell_error(error, client_message_id=message.client_message_id)
        else:
            future.add_done_callback(told)

    def set_typing(self, *, is_typing: bool) -> None:
        """Note that the client types or has stopped."""
        self._host.set_typing(self._chat_id, self.user, is_typing=is_typing)

    async def end_chat(self) -> None:
        """End the chat for the client.

        Raises:
            VoicechatError: `not_owner` or `storage`.
        """
        await self._host.end(self._chat_id, self.user)

    def tell_error(self, error: VoicechatError, *, client_message_id: str | None = None) -> None:
        """Tell the client of an error after which the connection goes on."""
        self._host.observer.error_told(error.code)
        self.frames.put(Frame(encode(error_message(error, client_message_id=client_message_id))))

    def _tell_outcome(self, client_message_id: str | None, future: asyncio.Future[Outcome]) -> None:
        self._slots.release()
        error = future.exception()
        if isinstance(error, VoicechatError):
            self.tell_error(error, client_message_id=client_message_id)
            return
        message = future.result().message
        if message is not None:
            ack = MessageAck(
                client_message_id=client_message_id, message_id=message.message_id, seq=message.seq
            )
            self.frames.put(Frame(encode(ack)))


def error_message(
    error: VoicechatError, *, fatal: bool = False, client_message_id: str | None = None
) -> ChatError:
    """Return an error as a message of the chat WebSocket."""
    return ChatError(
        code=error.code,
        message=error.message,
        advice=error.advice,
        retry_after_s=error.retry_after_s,
        fatal=fatal,
        client_message_id=client_message_id,
    )
