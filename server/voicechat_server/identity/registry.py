"""The tokens and invitations that were given out, in the database of the chats."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, exists, func, insert, select, update

from voicechat_server.chat.storage.membership import add_members
from voicechat_server.chat.storage.migrated import MigratedDatabase
from voicechat_server.chat.storage.tables import tokens
from voicechat_server.chat.storage.taken_names import TakenNames
from voicechat_server.identity import failures
from voicechat_server.identity.model import Scope
from voicechat_server.identity.tokens import Kind

_LOCK = 0x746F6B656E


@dataclass(frozen=True, slots=True)
class Record:
    """A token or an invitation that was given out.

    Attributes:
        token_id: Its identifier.
        kind: Which of the two it is.
        subject: Whose token; None for an invitation.
        name: Their name; None for an invitation.
        scopes: What it lets its holder do.
        chats: The chats it is limited to; None for no such limit.
        created_at: When it was given out.
        expires_at: When it ends.
        revoked_at: When it was revoked; None if it was not.
        uses_left: How often an invitation may still be redeemed; None for as often as one likes.
        invitation_id: The invitation that a token came of, if it came of one.
    """

    token_id: str
    kind: Kind
    subject: str | None
    name: str | None
    scopes: frozenset[Scope]
    chats: frozenset[str] | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    uses_left: int | None = None
    invitation_id: str | None = None


class Registry(MigratedDatabase):
    """What was given out. An async context manager.

    Every call may raise a VoicechatError `storage`.

    Args:
        location: The database: a file, or a URL.

    Raises:
        VoicechatError: `bad_setting`, `missing_dependency` or `storage`: the database can't be used.
    """

    async def add(self, record: Record) -> Record:
        """Record what is given out, and return it.

        A token for a name that is known gets the subject of that name.

        Raises:
            VoicechatError: `name_taken`: the name looks like, but isn't, that of somebody else.
        """

        def work(connection: Connection) -> Record:
            _take_turn(connection)
            known = _people(connection)
            if record.name is not None and record.name not in known:
                _refuse_likeness(record.name, known)
            subject = known.get(record.name or "", record.subject)
            new = replace(record, subject=subject)
            _record(connection, new)
            return new

        return await self._writing.run(work)

    async def redeem(self, record: Record) -> Record:
        """Use an invitation once, and record the token that it becomes.

        Raises:
            VoicechatError: `bad_invitation`: it was used or revoked. `name_taken`: its holder chose a name
                that is, or looks like, that of somebody else; the invitation stays as it was.
        """

        def work(connection: Connection) -> Record:
            _take_turn(connection)
            _spend(connection, record.invitation_id or "")
            known = _people(connection)
            if record.name in known:
                raise failures.name_of_another(record.name)
            _refuse_likeness(record.name or "", known)
            _record(connection, record)
            return record

        return await self._writing.run(work)

    async def join(self, invitation_id: str, chats: frozenset[str], name: str, at: datetime) -> None:
        """Use an invitation once, to make somebody with a token a member of its chats.

        Raises:
            VoicechatError: `bad_invitation`: it was used or revoked.
        """

        def work(connection: Connection) -> None:
            _take_turn(connection)
            _spend(connection, invitation_id)
            add_members(connection, chats, name, at)

        await self._writing.run(work)

    async def knows(self, name: str) -> bool:
        """Return whether somebody was ever given a token with this name."""
        query = select(exists().where(tokens.c.name == name))
        return await self._reading.run(lambda connection: bool(connection.execute(query).scalar_one()))

    async def all(self) -> list[Record]:
        """Return everything that was given out, in that order."""
        query = select(tokens).order_by(tokens.c.created_at, tokens.c.token_id)
        return await self._reading.run(
            lambda connection: [_record_of(row) for row in connection.execute(query).mappings()]
        )

    async def revoke(self, token_ids: frozenset[str], at: datetime) -> int:
        """Revoke tokens and invitations; return how many of these were valid until then."""
        change = (
            update(tokens)
            .where(tokens.c.token_id.in_(token_ids), tokens.c.revoked_at.is_(None))
            .values(revoked_at=at)
        )
        return await self._writing.run(lambda connection: connection.execute(change).rowcount)

    async def revoked(self, since: datetime) -> frozenset[str]:
        """Return the ids of what was revoked and would otherwise be valid after a moment."""
        query = select(tokens.c.token_id).where(tokens.c.revoked_at.is_not(None), tokens.c.expires_at > since)
        return await self._reading.run(lambda connection: frozenset(connection.execute(query).scalars()))


def _take_turn(connection: Connection) -> None:
    """Let nobody else choose a name meanwhile; SQLite's transaction already holds the file's lock."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def _record(connection: Connection, record: Record) -> None:
    """Record what is given out; who gets a token for certain chats becomes a member of these."""
    connection.execute(insert(tokens).values(_row(record)))
    if record.name is not None and record.chats is not None:
        add_members(connection, record.chats, record.name, record.created_at)


def _spend(connection: Connection, invitation_id: str) -> None:
    query = select(tokens.c.uses_left, tokens.c.revoked_at).where(tokens.c.token_id == invitation_id)
    found = connection.execute(query).one_or_none()
    if found is None or found.revoked_at is not None or found.uses_left == 0:
        raise failures.spent_invitation()
    if found.uses_left is not None:
        left = {"uses_left": found.uses_left - 1}
        connection.execute(update(tokens).where(tokens.c.token_id == invitation_id).values(left))


def _people(connection: Connection) -> dict[str, str]:
    """Return the subject of every name that was ever given a token."""
    query = select(tokens.c.name, tokens.c.subject).where(tokens.c.name.is_not(None))
    return {row.name: row.subject for row in connection.execute(query)}


def _refuse_likeness(name: str, known: Mapping[str, str]) -> None:
    if TakenNames(known).like(name) is not None:
        raise failures.name_of_another(name)


def _row(record: Record) -> dict[str, Any]:
    return asdict(record) | {
        "kind": record.kind.value,
        "scopes": " ".join(sorted(record.scopes)),
        "chats": None if record.chats is None else " ".join(sorted(record.chats)),
    }


def _record_of(row: RowMapping) -> Record:
    values = {field.name: row[field.name] for field in fields(Record)}
    return Record(
        **values
        | {
            "kind": Kind(row["kind"]),
            "scopes": frozenset(map(Scope, row["scopes"].split())),
            "chats": None if row["chats"] is None else frozenset(row["chats"].split()),
        }
    )
