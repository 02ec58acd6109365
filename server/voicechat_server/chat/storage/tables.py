"""The tables of the chat database. A change here needs a revision in `migrations/`."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """A moment, kept as whole microseconds since 1970 in UTC: exact and sortable in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Return what the database keeps."""
        return None if value is None else (value - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return what the program works with."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

chats = Table(
    "chats",
    metadata,
    Column("chat_id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", Text),
    Column("last_seq", BigInteger, nullable=False),
    Column("is_private", Boolean, nullable=False, server_default=false()),
)

members = Table(
    "members",
    metadata,
    # Somebody may be invited to a chat before it is there.
    Column("chat_id", Text, primary_key=True),
    Column("user", Text, primary_key=True),
    Column("added_at", Instant, nullable=False),
)

participants = Table(
    "participants",
    metadata,
    Column("chat_id", Text, ForeignKey(chats.c.chat_id), primary_key=True),
    Column("user", Text, primary_key=True),
    Column("joined_at", Instant, nullable=False),
    Index(None, "user"),
)

messages = Table(
    "messages",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("chat_id", Text, ForeignKey(chats.c.chat_id), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("speaker", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("timestamp", Instant, nullable=False),
    Column("client_message_id", Text),
    Column("spoken_at", Instant),
    Column("start_ms", Integer),
    Column("end_ms", Integer),
    Column("words", JSON(none_as_null=True)),
    UniqueConstraint("chat_id", "seq"),
    UniqueConstraint("chat_id", "speaker", "client_message_id"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("token_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text),
    Column("name", Text),
    Column("scopes", Text, nullable=False),
    Column("chats", Text),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("uses_left", Integer),
    Column("invitation_id", Text),
)
