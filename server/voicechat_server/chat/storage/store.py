"""The chat database as seen by the rest of the server: batches in, chats and messages out."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, exists, false, func, or_, select

from voicechat_server.chat.records import Chat, Operation, StoredMessage
from voicechat_server.chat.storage.batch_writer import BatchWriter, Result
from voicechat_server.chat.storage.membership import add_members
from voicechat_server.chat.storage.migrated import MigratedDatabase
from voicechat_server.chat.storage.rows import chat_of, message_of
from voicechat_server.chat.storage.tables import chats, members, messages, participants


class Store(MigratedDatabase):
    """Chats and their messages, kept in a database. An async context manager.

    Every call may raise a VoicechatError `storage`.

    Args:
        location: A file, or the URL of a database.
        min_free_bytes: Bytes that must be free on a file's disk for anything new.

    Raises:
        VoicechatError: `bad_setting`, `missing_dependency` or `storage`: the database can't be used.
    """

    def __init__(self, location: str, min_free_bytes: int = 0) -> None:
        super().__init__(location)
        self._writer = BatchWriter(self._writing, min_free_bytes)

    async def write(self, operations: Sequence[Operation]) -> list[Result]:
        """Apply operations in order, in one transaction; return their results once all are durable."""
        return await self._writer.write(operations)

    async def free_bytes(self) -> int | None:
        """Return the free bytes on the database's disk; None if unknown."""
        return await asyncio.to_thread(self._reading.free_bytes)

    async def count_chats(self) -> int:
        """Return how many chats there are."""
        query = select(func.count()).select_from(chats)
        return await self._reading.run(lambda connection: connection.execute(query).scalar_one())

    async def chat(self, chat_id: str) -> Chat | None:
        """Return a chat, or None if there is none."""
        query = select(chats).where(chats.c.chat_id == chat_id)
        found = await self._reading.run(lambda connection: connection.execute(query).mappings().one_or_none())
        return None if found is None else chat_of(found)

    async def participants(self, chat_id: str, *, limit: int | None = None) -> list[str]:
        """Return the participants of a chat, in order of arrival; all of them without a limit."""
        order = (participants.c.joined_at, participants.c.user)
        query = select(participants.c.user).where(participants.c.chat_id == chat_id).order_by(*order)
        query = query.limit(limit)
        return await self._reading.run(lambda connection: list(connection.execute(query).scalars()))

    async def chats_of(
        self,
        user: str,
        *,
        skip: int,
        limit: int,
        only: Collection[str] | None = None,
        with_private: bool = True,
    ) -> list[tuple[Chat, StoredMessage | None]]:
        """Return the chats a person participates in, each with its last message; the newest chat first.

        Args:
            user: Who.
            skip: How many of the newest to leave out.
            limit: The most to return.
            only: Chats to leave out all others for; None for no such limit.
            with_private: Whether to return private ones too, if the person owns them or is a member.
        """
        query = (
            select(chats)
            .join(participants, participants.c.chat_id == chats.c.chat_id)
            .where(participants.c.user == user)
            .order_by(chats.c.created_at.desc(), chats.c.chat_id)
            .offset(skip)
            .limit(limit)
        )
        if only is not None:
            query = query.where(chats.c.chat_id.in_(only))
        is_member = exists().where(members.c.chat_id == chats.c.chat_id, members.c.user == user)
        seen = or_(chats.c.owner == user, is_member) if with_private else false()
        query = query.where(or_(chats.c.is_private.is_(False), seen))

        def work(connection: Connection) -> list[tuple[Chat, StoredMessage | None]]:
            found = [chat_of(row) for row in connection.execute(query).mappings()]
            last = _last_messages(connection, [chat.chat_id for chat in found])
            return [(chat, last.get(chat.chat_id)) for chat in found]

        return await self._reading.run(work)

    async def has_private(self) -> bool:
        """Return whether there is any private chat."""
        query = select(exists().where(chats.c.is_private.is_(True)))
        return await self._reading.run(lambda connection: bool(connection.execute(query).scalar_one()))

    async def members(self, chat_id: str) -> list[str]:
        """Return the members of a chat, in order of their addition."""
        order = (members.c.added_at, members.c.user)
        query = select(members.c.user).where(members.c.chat_id == chat_id).order_by(*order)
        return await self._reading.run(lambda connection: list(connection.execute(query).scalars()))

    async def is_member(self, chat_id: str, user: str) -> bool:
        """Return whether somebody is a member of a chat."""
        query = select(exists().where(members.c.chat_id == chat_id, members.c.user == user))
        return await self._reading.run(lambda connection: bool(connection.execute(query).scalar_one()))

    async def add_members(self, chat_ids: Collection[str], user: str, at: datetime) -> None:
        """Make somebody a member of chats; those who are stay so."""
        await self._writing.run(lambda connection: add_members(connection, chat_ids, user, at))

    async def remove_member(self, chat_id: str, user: str) -> None:
        """End somebody's membership of a chat, if they are a member."""
        change = delete(members).where(members.c.chat_id == chat_id, members.c.user == user)
        await self._writing.run(lambda connection: connection.execute(change))

    async def messages(self, chat_id: str, *, since: int, limit: int) -> list[StoredMessage]:
        """Return the messages of a chat after a seq, in order."""
        query = (
            select(messages)
            .where(messages.c.chat_id == chat_id, messages.c.seq > since)
            .order_by(messages.c.seq)
            .limit(limit)
        )
        return await self._reading.run(lambda connection: _messages(connection, query))

    async def named(self, message_ids: Sequence[str]) -> list[StoredMessage]:
        """Return the messages that exist of those with the given ids."""
        query = select(messages).where(messages.c.message_id.in_(message_ids))
        return await self._reading.run(lambda connection: _messages(connection, query))

    async def speeches(self, chat_id: str, *, after: StoredMessage | None, limit: int) -> list[StoredMessage]:
        """Return spoken messages of a chat in the order in which they began, after a given one."""
        begun, seq = messages.c.spoken_at, messages.c.seq
        query = select(messages).where(messages.c.chat_id == chat_id, begun.is_not(None))
        if after is not None and after.speech is not None:
            at = after.speech.spoken_at
            query = query.where(or_(begun > at, and_(begun == at, seq > after.seq)))
        query = query.order_by(begun, seq).limit(limit)
        return await self._reading.run(lambda connection: _messages(connection, query))


def _messages(connection: Connection, query: Select[Any]) -> list[StoredMessage]:
    return [message_of(row) for row in connection.execute(query).mappings()]


def _last_messages(connection: Connection, chat_ids: list[str]) -> dict[str, StoredMessage]:
    query = (
        select(messages)
        .join(chats, and_(chats.c.chat_id == messages.c.chat_id, chats.c.last_seq == messages.c.seq))
        .where(chats.c.chat_id.in_(chat_ids))
    )
    return {message.chat_id: message for message in _messages(connection, query)}


async def prepare(location: str) -> None:
    """Bring a database up to date and close it again, to find out whether it can be used.

    Raises:
        VoicechatError: It can't.
    """
    async with Store(location):
        pass
