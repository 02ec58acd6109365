"""What people can do in chats: the rules, independent of any transport."""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from uuid import uuid4

import structlog

from voicechat_common.protocol.chat import ConnectionEstablished, MessageKind
from voicechat_server.chat import failures
from voicechat_server.chat.creations import Creations
from voicechat_server.chat.live.hub import Broadcast, Hub
from voicechat_server.chat.live.member import Member
from voicechat_server.chat.live.room import Room
from voicechat_server.chat.live.speech import SpeechFeed, message_id_of
from voicechat_server.chat.observer import ChatObserver
from voicechat_server.chat.records import Chat, End, Enter, HandOver, Operation, Outcome, Post, StoredMessage
from voicechat_server.chat.storage.committer import Committer
from voicechat_server.chat.storage.store import Store
from voicechat_server.turns import Turns

SETTLE_WITHIN_S = 5.0
"""At shutdown, how long to wait for a failing database to take what was said."""

_LOOKUP_BATCH = 64
"""Segments of a stream to look up at once; up to this many in a row may have had no text."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class Joined:
    """A connection that has joined a chat.

    Attributes:
        member: The connection.
        established: The first message to its client.
    """

    member: Member
    established: ConnectionEstablished


class ChatService:
    """All chats of a server. An async context manager; used on one event loop.

    Args:
        store: Where chats are kept; opened and closed with the service.
        queue_limit: Frames that may wait for a slow reader before its connection is cut.
        observer: Is notified of what chats do.

    Attributes:
        store: Where chats are kept, for reading.
        observer: Is notified of what chats do.
        total_chats: How many chats there are.
        has_private: Whether any of them is private.
    """

    def __init__(
        self,
        store: Store,
        queue_limit: int,
        observer: ChatObserver | None = None,
    ) -> None:
        self.store = store
        self.observer = observer or ChatObserver()
        self.total_chats = 0
        self.has_private = False
        self._queue_limit = queue_limit
        self._hub = Hub(self.observer)
        self._turns = Turns()
        self._rooms: dict[str, Room] = {}
        self._feeds: set[SpeechFeed] = set()
        self._creations = Creations()
        self._committer = Committer(store.write, self._observe, self.observer)
        self._open = AsyncExitStack()

    @property
    def writes_waiting(self) -> int:
        """Operations that wait for the database."""
        return self._committer.waiting

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.store)
            self.total_chats = await self.store.count_chats()
            self.has_private = await self.store.has_private()
            await stack.enter_async_context(self._committer)
            self._open = stack.pop_all()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._settle_speech()
        await self._open.aclose()
        for room in self._rooms.values():
            room.close()

    async def create(self, user: str, title: str, source: str = "", *, is_private: bool = False) -> Chat:
        """Create a chat that a person owns.

        Args:
            user: Who.
            title: What it is about.
            source: Where they connect from, such as an address.
            is_private: Whether only its owner and its members see it.

        Raises:
            VoicechatError: `storage` or `busy`.
        """
        self._count_creation(source)
        return await self._enter(uuid4().hex, user, title, is_private=is_private)

    async def chat(self, chat_id: str) -> Chat:
        """Return a chat.

        Raises:
            VoicechatError: `not_found` or `storage`.
        """
        chat = await self.store.chat(chat_id)
        if chat is None:
            raise failures.unknown_chat(chat_id)
        return chat

    async def page(self, chat_id: str, since: int, limit: int) -> Sequence[StoredMessage]:
        """Return stored messages of a chat after a seq, in order.

        Raises:
            VoicechatError: `storage`.
        """
        return await self.store.messages(chat_id, since=since, limit=limit)

    def post(
        self, chat_id: str, user: str, content: str, client_message_id: str | None
    ) -> asyncio.Future[Outcome]:
        """Take a text; the future resolves once it is durable, or fails if it can't be stored.

        Raises:
            VoicechatError: `busy` or `shutting_down`.
        """
        return self.submit(
            Post(
                chat_id=chat_id,
                message_id=uuid4().hex,
                speaker=user,
                kind=MessageKind.TEXT,
                content=content,
                at=datetime.now(UTC),
                client_message_id=client_message_id,
            )
        )

    def submit(self, operation: Operation) -> asyncio.Future[Outcome]:
        """Take an operation; the future resolves once it is durable, or fails if it can't be stored.

        Raises:
            VoicechatError: `busy` or `shutting_down`.
        """
        return self._committer.submit(operation)

    async def end(self, chat_id: str, user: str, *, is_admin: bool = False) -> Chat:
        """End a chat; one that has ended stays as it is.

        Args:
            chat_id: Which chat.
            user: Who.
            is_admin: Whether they may, even if they don't own it.

        Raises:
            VoicechatError: `not_found`, `not_owner`, `storage` or `busy`.
        """
        return (await self.submit(End(chat_id, user, datetime.now(UTC), is_admin))).chat

    async def hand_over(self, chat_id: str, user: str, to: str, *, is_admin: bool = False) -> Chat:
        """Give a chat to another owner; the one before stays a member.

        Raises:
            VoicechatError: `not_found`, `not_owner`, `chat_ended`, `storage` or `busy`.
        """
        return (await self.submit(HandOver(chat_id, user, to, datetime.now(UTC), is_admin))).chat

    async def join(
        self, chat_id: str, user: str | None, since: int, source: str = "", *, is_private: bool = False
    ) -> Joined:
        """Let a connection join a chat, creating the chat if there is none.

        Somebody without a name is a guest, who becomes a participant only by saying something.

        Args:
            chat_id: Which chat.
            user: Who.
            since: The seq of the last message that they have.
            source: Where they connect from, such as an address.
            is_private: Whether the chat is private if it is created.

        Raises:
            VoicechatError: `bad_field` if `since` is beyond the end or the name is invisible;
                `name_taken`, `storage` or `busy`.
        """
        name = user or f"guest-{secrets.token_hex(4)}"
        member = Member(self, chat_id, name, since, self._queue_limit)
        # Subscribed before the history is read, so that nothing is missed in between.
        self._hub.subscribe(chat_id, member.receive)
        try:
            chat = await self._admit(
                chat_id, name, since, source, is_guest=user is None, is_private=is_private
            )
        except BaseException:
            self._hub.unsubscribe(chat_id, member.receive)
            raise
        room = self._room(chat_id)
        room.enter(name, member.receive)
        member.enter()
        established = ConnectionEstablished(
            chat_id=chat_id,
            user=name,
            title=chat.title,
            owner=chat.owner,
            status=chat.status,
            seq=chat.last_seq,
            participants=room.present,
            is_private=chat.is_private,
        )
        return Joined(member, established)

    def leave(self, chat_id: str, member: Member) -> None:
        """Remove a connection from a chat."""
        self._hub.unsubscribe(chat_id, member.receive)
        self._room(chat_id).leave(member.user, member.receive)
        self._forget_if_empty(chat_id)

    def passing_state(self, chat_id: str) -> Sequence[Broadcast]:
        """Return the transient state of a chat, which is not in its history."""
        return self._room(chat_id).passing_state()

    def set_typing(self, chat_id: str, user: str, *, is_typing: bool) -> None:
        """Note that somebody in the chat is typing or has stopped."""
        room = self._room(chat_id)
        if is_typing:
            room.start_typing(user)
        else:
            room.stop_typing(user)

    async def speech_of(
        self, stream_id: str, chat_id: str, user: str, segments: int
    ) -> dict[int, StoredMessage]:
        """Return stored messages of a stream by segment: the last that the client knows, and all later ones.

        Args:
            stream_id: The stream's identifier.
            chat_id: The chat it is spoken into.
            user: Who is speaking.
            segments: How many segments the client knows to be stored or without text.

        Raises:
            VoicechatError: `unknown_stream` if it is somebody else's, or `storage`.
        """
        found: dict[int, StoredMessage] = {}
        first, more = max(0, segments - _LOOKUP_BATCH), True
        while more:
            numbers = range(first, first + 2 * _LOOKUP_BATCH)
            names = {message_id_of(stream_id, number): number for number in numbers}
            stored = await self.store.named(list(names))
            if any((message.chat_id, message.speaker) != (chat_id, user) for message in stored):
                raise failures.stream_of_another(stream_id)
            found |= {names[message.message_id]: message for message in stored}
            first += _LOOKUP_BATCH
            more = any(number >= first for number in found)
        return found

    async def open_speech(
        self, chat_id: str, user: str, stream_id: str, begin_ms: int = 0, source: str = ""
    ) -> SpeechFeed:
        """Let a stream of speech into a chat, creating the chat if there is none.

        Args:
            chat_id: Which chat.
            user: Who is speaking.
            stream_id: The stream's identifier.
            begin_ms: Position in the stream at which the coming audio starts.
            source: Where they connect from, such as an address.

        Raises:
            VoicechatError: `chat_ended`, `name_taken`, `bad_field`, `storage` or `busy`.
        """
        if await self.store.chat(chat_id) is None:
            self._count_creation(source)
        chat = await self._enter(chat_id, user, chat_id)
        if chat.ended_at is not None:
            raise failures.chat_ended(chat)
        room = self._room(chat_id)

        def close() -> None:
            self._feeds.discard(feed)
            room.close_stream()
            self._forget_if_empty(chat_id)

        feed = SpeechFeed(chat_id, user, stream_id, begin_ms, room, self.submit, close)
        self._feeds.add(feed)
        room.open_stream()
        return feed

    def spoken_into(self, stream_id: str) -> str | None:
        """Return the chat that an open stream is spoken into, or None if it is in none."""
        return next((feed.chat_id for feed in self._feeds if feed.stream_id == stream_id), None)

    async def _settle_speech(self) -> None:
        feeds = [feed for feed in self._feeds if feed.finals]
        for feed in feeds:
            feed.finals.retry()
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_WITHIN_S):
                for feed in feeds:
                    await feed.finals.empty()
        if lost := sum(len(feed.finals) for feed in feeds):
            log.error("shutting down while the chat database fails: speech is not stored", finals=lost)

    async def _admit(
        self, chat_id: str, user: str, since: int, source: str, *, is_guest: bool, is_private: bool
    ) -> Chat:
        chat = await self.store.chat(chat_id)
        last_seq = 0 if chat is None else chat.last_seq
        if since > last_seq:
            raise failures.beyond_the_end(chat_id, since, last_seq)
        if chat is None:
            self._count_creation(source)
        elif is_guest or chat.ended_at is not None:
            return chat
        return await self._enter(chat_id, user, chat_id, is_private=is_private)

    def _count_creation(self, source: str) -> None:
        self._creations.count(source, asyncio.get_running_loop().time())

    async def _enter(self, chat_id: str, user: str, title: str, *, is_private: bool = False) -> Chat:
        room = self._rooms.get(chat_id)
        present = () if room is None else tuple(room.present)
        return (await self.submit(Enter(chat_id, user, title, datetime.now(UTC), present, is_private))).chat

    def _observe(self, operation: Operation, outcome: Outcome) -> None:
        """Publish what has become durable."""
        if not outcome.is_new:
            return
        match operation:
            case Enter():
                self.total_chats += 1
                self.has_private = self.has_private or outcome.chat.is_private
            case Post() if outcome.message is not None:
                self._room(operation.chat_id).add(outcome.message)
                self.observer.message_stored(operation.kind)
            case End():
                self._room(operation.chat_id).end(outcome.chat)
                for feed in self._feeds:
                    if feed.chat_id == operation.chat_id:
                        feed.warn(failures.chat_ended(outcome.chat))
        self._forget_if_empty(operation.chat_id)

    def _room(self, chat_id: str) -> Room:
        room = self._rooms.get(chat_id)
        if room is None:
            room = self._rooms[chat_id] = Room(chat_id, self._hub, self._turns)
        return room

    def _forget_if_empty(self, chat_id: str) -> None:
        room = self._rooms.get(chat_id)
        if room is not None and room.is_empty:
            room.close()
            del self._rooms[chat_id]
