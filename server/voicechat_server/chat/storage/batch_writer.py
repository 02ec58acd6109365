"""Writes each batch of operations in one transaction.

A batch is first tried with the cached state of its chats, without asking the database. Constraints of the
tables and a guard on `last_seq` detect where the cache is stale, as after a resent message or a write by
another server; then the batch is redone with the state of the database, under its lock. Nothing is refused on
the word of the cache: a message to a chat that has ended may be one that was stored before.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from voicechat_common.errors import VoicechatError
from voicechat_server.chat import failures
from voicechat_server.chat.records import Chat, Operation, Outcome, Post
from voicechat_server.chat.storage.database import Database
from voicechat_server.chat.storage.ledger import KnownChat, Ledger, post_key
from voicechat_server.chat.storage.membership import add_members
from voicechat_server.chat.storage.rows import chat_of, chat_row, message_of, message_row
from voicechat_server.chat.storage.tables import chats, messages, participants
from voicechat_server.chat.storage.taken_names import TakenNames

Result = Outcome | VoicechatError

CACHED_CHATS = 1024
_LOCKED_ATTEMPTS = 3

# Built once: SQLAlchemy spends more on building a statement than SQLite on running it.
_INSERT_CHATS = insert(chats)
_INSERT_PARTICIPANTS = insert(participants)
_INSERT_MESSAGES = insert(messages)
_UPDATE_CHAT = (
    update(chats)
    .where(
        chats.c.chat_id == bindparam("old_chat_id"),
        chats.c.last_seq == bindparam("old_last_seq"),
        chats.c.ended_at.is_(None),
    )
    .values(
        owner=bindparam("owner"),
        last_seq=bindparam("last_seq"),
        ended_at=bindparam("ended_at"),
        ended_by=bindparam("ended_by"),
    )
)
_LOCK_CHATS = (
    select(chats.c.chat_id)
    .where(chats.c.chat_id.in_(bindparam("chat_ids", expanding=True)))
    .order_by(chats.c.chat_id)
    .with_for_update()
)
_COUNT_PARTICIPANTS = (
    select(participants.c.chat_id, func.count().label("people"))
    .where(participants.c.chat_id.in_(bindparam("chat_ids", expanding=True)))
    .group_by(participants.c.chat_id)
)


class _StaleError(Exception):
    """The cached state of a chat is stale."""


class BatchWriter:
    """The only writer of a database.

    Args:
        database: Its transactions must lock before they read, or be able to lock rows.
        min_free_bytes: Bytes that must be free on its disk for anything new.
    """

    def __init__(self, database: Database, min_free_bytes: int = 0) -> None:
        self._database = database
        self._min_free_bytes = min_free_bytes
        self._cache: dict[str, KnownChat] = {}

    async def write(self, operations: Sequence[Operation]) -> list[Result]:
        """Apply operations in order, in one transaction; return their results once all are durable.

        Raises:
            VoicechatError: `storage`; none of the operations took effect.
        """
        try:
            return await self._attempt(operations, use_cache=True)
        except _StaleError:
            pass
        # Only a chat that another server is creating can't be locked beforehand.
        for _ in range(_LOCKED_ATTEMPTS - 1):
            try:
                return await self._attempt(operations, use_cache=False)
            except _StaleError:
                continue
        try:
            return await self._attempt(operations, use_cache=False)
        except _StaleError as error:
            raise failures.too_many_waiting() from error

    async def _attempt(self, operations: Sequence[Operation], *, use_cache: bool) -> list[Result]:
        def work(connection: Connection) -> tuple[Ledger, list[Result]]:
            ledger = self._open_ledger(connection, operations, use_cache=use_cache)
            results = [_apply(ledger, operation) for operation in operations]
            if use_cache and any(isinstance(result, VoicechatError) for result in results):
                raise _StaleError
            if use_cache and not _are_all_known(connection, ledger):
                raise _StaleError
            _record(connection, ledger)
            return ledger, results

        ledger, results = await self._database.run(work)
        self._update_cache(ledger)
        return results

    def _open_ledger(
        self, connection: Connection, operations: Sequence[Operation], *, use_cache: bool
    ) -> Ledger:
        ids = sorted({operation.chat_id for operation in operations})
        known = {key: self._cache[key] for key in ids if key in self._cache} if use_cache else {}
        unknown = [key for key in ids if key not in known]
        loaded = _load(connection, unknown) if unknown else {}
        ledger = Ledger(known | loaded, is_full=self._is_full())
        if not use_cache:
            _load_posted(connection, ledger, [post for post in operations if isinstance(post, Post)])
        return ledger

    def _is_full(self) -> bool:
        free = self._database.free_bytes() if self._min_free_bytes else None
        return free is not None and free < self._min_free_bytes

    def _update_cache(self, ledger: Ledger) -> None:
        for chat_id, chat in ledger.chats.items():
            state = self._cache.pop(chat_id, None) or ledger.before.get(chat_id)
            taking_part = TakenNames() if state is None else state.participants
            self._cache[chat_id] = KnownChat(chat, taking_part)
        for arrival in ledger.arrivals.values():
            self._cache[arrival.chat_id].participants.add(arrival.user)
        while len(self._cache) > CACHED_CHATS:
            self._cache.pop(next(iter(self._cache)))


def _apply(ledger: Ledger, operation: Operation) -> Result:
    try:
        return ledger.apply(operation)
    except VoicechatError as error:
        return error


def _load(connection: Connection, chat_ids: Iterable[str]) -> dict[str, KnownChat]:
    """Load chats from the database, locking them against other servers."""
    found = connection.execute(
        select(chats).where(chats.c.chat_id.in_(chat_ids)).order_by(chats.c.chat_id).with_for_update()
    )
    states = {row["chat_id"]: KnownChat(chat_of(row), TakenNames()) for row in found.mappings()}
    if states:
        pairs = connection.execute(
            select(participants.c.chat_id, participants.c.user).where(participants.c.chat_id.in_(states))
        )
        for chat_id, user in pairs:
            states[chat_id].participants.add(user)
    return states


def _are_all_known(connection: Connection, ledger: Ledger) -> bool:
    """Return whether no other server has added participants to the chats that newcomers join."""
    ids = sorted({chat_id for chat_id, _user in ledger.arrivals if chat_id in ledger.before})
    if not ids:
        return True
    connection.execute(_LOCK_CHATS, {"chat_ids": ids})
    counted = {row.chat_id: row.people for row in connection.execute(_COUNT_PARTICIPANTS, {"chat_ids": ids})}
    return all(counted.get(chat_id, 0) == len(ledger.before[chat_id].participants) for chat_id in ids)


def _load_posted(connection: Connection, ledger: Ledger, posts: Sequence[Post]) -> None:
    """Give a ledger the messages that are stored already."""
    by_id = select(messages).where(messages.c.message_id.in_([post.message_id for post in posts]))
    found = connection.execute(by_id)
    ledger.posted_ids |= {row["message_id"]: message_of(row) for row in found.mappings()}
    keys = [key for key in map(post_key, posts) if key is not None]
    named = tuple_(messages.c.chat_id, messages.c.speaker, messages.c.client_message_id)
    found = connection.execute(select(messages).where(named.in_(keys)))
    for row in found.mappings():
        ledger.posted[row["chat_id"], row["speaker"], row["client_message_id"]] = message_of(row)


def _record(connection: Connection, ledger: Ledger) -> None:
    """Write what has changed.

    Raises:
        _StaleError: The ledger was based on stale state.
    """
    try:
        if ledger.created:
            connection.execute(_INSERT_CHATS, [chat_row(chat) for chat in ledger.created])
        for old, new in ledger.changed:
            _update(connection, old, new)
        if ledger.arrivals:
            connection.execute(_INSERT_PARTICIPANTS, [vars(each) for each in ledger.arrivals.values()])
        for one in ledger.memberships:
            add_members(connection, [one.chat_id], one.user, one.added_at)
        if ledger.messages:
            connection.execute(_INSERT_MESSAGES, [message_row(message) for message in ledger.messages])
    except IntegrityError as error:
        raise _StaleError from error


def _update(connection: Connection, old: Chat, new: Chat) -> None:
    values = {
        "old_chat_id": old.chat_id,
        "old_last_seq": old.last_seq,
        "owner": new.owner,
        "last_seq": new.last_seq,
        "ended_at": new.ended_at,
        "ended_by": new.ended_by,
    }
    if connection.execute(_UPDATE_CHAT, values).rowcount != 1:
        raise _StaleError
