"""Batches of operations as transactions of the database.

A batch is first tried with what is remembered of its chats, without asking the database. The constraints of
the tables and a guard on `last_seq` notice where that was wrong, as after a message that is sent again or a
write by another server; then the batch is done anew with what the database says, under its lock.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from voicechat_common.errors import VoicechatError
from voicechat_server.chat import failures
from voicechat_server.chat.ledger import ChatState, Ledger, post_key
from voicechat_server.chat.records import Operation, Outcome, Post
from voicechat_server.chat.rows import chat_of, chat_row, message_of, message_row
from voicechat_server.chat.tables import chats, messages, participants

Result = Outcome | VoicechatError

REMEMBERED_CHATS = 1024
_TRIES_WITH_LOCK = 3


class _StaleError(Exception):
    """What was remembered of a chat is no longer so."""


class BatchWriter:
    """The one that writes.

    Args:
        engine: Its transactions must lock before they read, or be able to lock rows.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._remembered: dict[str, ChatState] = {}

    async def write(self, operations: Sequence[Operation]) -> list[Result]:
        """Apply operations in order, in one transaction; return what became of each once all is durable.

        Raises:
            VoicechatError: `storage`; none of the operations counts as done.
        """
        try:
            try:
                return await self._attempt(operations, trusting=True)
            except (IntegrityError, _StaleError):
                return await self._write_with_lock(operations)
        except (SQLAlchemyError, OSError) as error:
            self._remembered.clear()
            raise failures.storage(error) from error

    async def _write_with_lock(self, operations: Sequence[Operation]) -> list[Result]:
        # Only a chat that another server creates at the same moment can't be locked beforehand.
        for _ in range(_TRIES_WITH_LOCK - 1):
            try:
                return await self._attempt(operations, trusting=False)
            except IntegrityError:
                continue
        return await self._attempt(operations, trusting=False)

    async def _attempt(self, operations: Sequence[Operation], *, trusting: bool) -> list[Result]:
        async with self._engine.connect() as connection:
            ledger = await self._open_ledger(connection, operations, trusting=trusting)
            results = [_apply(ledger, operation) for operation in operations]
            await _record(connection, ledger)
            await connection.commit()
        self._remember(ledger)
        return results

    async def _open_ledger(
        self, connection: AsyncConnection, operations: Sequence[Operation], *, trusting: bool
    ) -> Ledger:
        ids = sorted({operation.chat_id for operation in operations})
        known = {key: self._remembered[key] for key in ids if key in self._remembered} if trusting else {}
        unknown = [key for key in ids if key not in known]
        loaded = await _load(connection, unknown) if unknown else {}
        ledger = Ledger(known | loaded)
        if not trusting:
            await _load_posted(connection, ledger, [post for post in operations if isinstance(post, Post)])
        return ledger

    def _remember(self, ledger: Ledger) -> None:
        for chat_id, chat in ledger.chats.items():
            state = self._remembered.pop(chat_id, None) or ledger.before.get(chat_id)
            taking_part = set() if state is None else state.participants
            self._remembered[chat_id] = ChatState(chat, taking_part)
        for arrival in ledger.arrivals.values():
            self._remembered[arrival.chat_id].participants.add(arrival.user)
        while len(self._remembered) > REMEMBERED_CHATS:
            self._remembered.pop(next(iter(self._remembered)))


def _apply(ledger: Ledger, operation: Operation) -> Result:
    try:
        return ledger.apply(operation)
    except VoicechatError as error:
        return error


async def _load(connection: AsyncConnection, chat_ids: Iterable[str]) -> dict[str, ChatState]:
    """Return what the database knows of chats, which it locks against other servers."""
    found = await connection.execute(
        select(chats).where(chats.c.chat_id.in_(chat_ids)).order_by(chats.c.chat_id).with_for_update()
    )
    states = {row["chat_id"]: ChatState(chat_of(row), set()) for row in found.mappings()}
    if states:
        pairs = await connection.execute(
            select(participants.c.chat_id, participants.c.user).where(participants.c.chat_id.in_(states))
        )
        for chat_id, user in pairs:
            states[chat_id].participants.add(user)
    return states


async def _load_posted(connection: AsyncConnection, ledger: Ledger, posts: Sequence[Post]) -> None:
    """Tell a ledger which messages are there already."""
    by_id = select(messages).where(messages.c.message_id.in_([post.message_id for post in posts]))
    found = await connection.execute(by_id)
    ledger.posted_ids |= {row["message_id"]: message_of(row) for row in found.mappings()}
    keys = [key for key in map(post_key, posts) if key is not None]
    named = tuple_(messages.c.chat_id, messages.c.speaker, messages.c.client_message_id)
    found = await connection.execute(select(messages).where(named.in_(keys)))
    for row in found.mappings():
        ledger.posted[row["chat_id"], row["speaker"], row["client_message_id"]] = message_of(row)


async def _record(connection: AsyncConnection, ledger: Ledger) -> None:
    """Write down what has changed."""
    if ledger.created:
        await connection.execute(insert(chats), [chat_row(chat) for chat in ledger.created])
    for old, new in ledger.changed:
        guard = (chats.c.chat_id == old.chat_id, chats.c.last_seq == old.last_seq, chats.c.ended_at.is_(None))
        values = {"last_seq": new.last_seq, "ended_at": new.ended_at, "ended_by": new.ended_by}
        updated = await connection.execute(update(chats).where(*guard).values(values))
        if updated.rowcount != 1:
            raise _StaleError
    if ledger.arrivals:
        rows = [
            {"chat_id": arrival.chat_id, "user": arrival.user, "joined_at": arrival.at}
            for arrival in ledger.arrivals.values()
        ]
        await connection.execute(insert(participants), rows)
    if ledger.messages:
        await connection.execute(insert(messages), [message_row(message) for message in ledger.messages])
