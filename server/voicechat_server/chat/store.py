"""The chat database as the rest of the server sees it: batches in, chats and messages out."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from voicechat_server.chat import failures
from voicechat_server.chat.database import database_url, open_engine
from voicechat_server.chat.migrate import migrate
from voicechat_server.chat.records import Chat, Message, Operation
from voicechat_server.chat.rows import chat_of, message_of
from voicechat_server.chat.tables import chats, messages, participants
from voicechat_server.chat.writing import BatchWriter, Result


class Store:
    """Chats and their messages, kept in a database. An async context manager.

    Every call may raise a VoicechatError `storage`.

    Args:
        place: A file, or the URL of a database.

    Raises:
        VoicechatError: `bad_setting` or `missing_dependency`: the database can't be one of ours.
    """

    def __init__(self, place: str) -> None:
        url = database_url(place)
        self._writing = open_engine(url, writing=True)
        self._reading = open_engine(url, writing=False)
        self._writer = BatchWriter(self._writing)

    async def __aenter__(self) -> Self:
        try:
            await migrate(self._writing)
        except BaseException:
            await self._dispose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._dispose()

    async def write(self, operations: Sequence[Operation]) -> list[Result]:
        """Apply operations in order, in one transaction; return what became of each once all is durable."""
        return await self._writer.write(operations)

    async def count_chats(self) -> int:
        """Return how many chats there are."""
        async with _reading(self._reading) as connection:
            return (await connection.execute(select(func.count()).select_from(chats))).scalar_one()

    async def chat(self, chat_id: str) -> Chat | None:
        """Return a chat, or None if there is none."""
        async with _reading(self._reading) as connection:
            rows = await connection.execute(select(chats).where(chats.c.chat_id == chat_id))
            row = rows.mappings().one_or_none()
        return None if row is None else chat_of(row)

    async def participants(self, chat_id: str) -> list[str]:
        """Return who has taken part in a chat, in the order of their coming."""
        order = (participants.c.joined_at, participants.c.user)
        query = select(participants.c.user).where(participants.c.chat_id == chat_id).order_by(*order)
        async with _reading(self._reading) as connection:
            return list((await connection.execute(query)).scalars())

    async def chats_of(self, user: str, *, skip: int, limit: int) -> list[tuple[Chat, Message | None]]:
        """Return the chats a person takes part in, each with its last message; the newest chat first."""
        query = (
            select(chats)
            .join(participants, participants.c.chat_id == chats.c.chat_id)
            .where(participants.c.user == user)
            .order_by(chats.c.created_at.desc(), chats.c.chat_id)
            .offset(skip)
            .limit(limit)
        )
        async with _reading(self._reading) as connection:
            found = [chat_of(row) for row in (await connection.execute(query)).mappings()]
            last = await self._last_messages(connection, [chat.chat_id for chat in found])
        return [(chat, last.get(chat.chat_id)) for chat in found]

    async def messages(self, chat_id: str, *, since: int, limit: int) -> list[Message]:
        """Return the messages of a chat after a seq, in order."""
        query = (
            select(messages)
            .where(messages.c.chat_id == chat_id, messages.c.seq > since)
            .order_by(messages.c.seq)
            .limit(limit)
        )
        return await self._messages(query)

    async def speeches(self, chat_id: str, *, after: Message | None, limit: int) -> list[Message]:
        """Return spoken messages of a chat in the order in which they were begun, after one of them."""
        begun, seq = messages.c.spoken_at, messages.c.seq
        query = select(messages).where(messages.c.chat_id == chat_id, begun.is_not(None))
        if after is not None and after.speech is not None:
            at = after.speech.spoken_at
            query = query.where(or_(begun > at, and_(begun == at, seq > after.seq)))
        return await self._messages(query.order_by(begun, seq).limit(limit))

    async def _messages(self, query: Select[tuple[object, ...]]) -> list[Message]:
        async with _reading(self._reading) as connection:
            return [message_of(row) for row in (await connection.execute(query)).mappings()]

    async def _last_messages(self, connection: AsyncConnection, chat_ids: list[str]) -> dict[str, Message]:
        query = (
            select(messages)
            .join(chats, and_(chats.c.chat_id == messages.c.chat_id, chats.c.last_seq == messages.c.seq))
            .where(chats.c.chat_id.in_(chat_ids))
        )
        found = (await connection.execute(query)).mappings()
        return {row["chat_id"]: message_of(row) for row in found}

    async def _dispose(self) -> None:
        await self._reading.dispose()
        await self._writing.dispose()


async def prepare(place: str) -> None:
    """Bring a database up to date and close it again, to find out whether it can be used.

    Raises:
        VoicechatError: It can't.
    """
    async with Store(place):
        pass


@asynccontextmanager
async def _reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    try:
        async with engine.connect() as connection:
            yield connection
    except (SQLAlchemyError, OSError) as error:
        raise failures.storage(error) from error
