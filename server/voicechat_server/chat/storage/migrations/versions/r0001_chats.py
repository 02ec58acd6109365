"""Chats, who takes part in them, and their messages."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "chats",
        sa.Column("chat_id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("ended_by", sa.Text),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("chat_id", name="pk_chats"),
    )
    op.create_table(
        "participants",
        sa.Column("chat_id", sa.Text, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("joined_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "user", name="pk_participants"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.chat_id"], name="fk_participants_chat_id"),
    )
    op.create_index("ix_participants_user", "participants", ["user"])
    op.create_table(
        "messages",
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("chat_id", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("speaker", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("timestamp", sa.BigInteger, nullable=False),
        sa.Column("client_message_id", sa.Text),
        sa.Column("spoken_at", sa.BigInteger),
        sa.Column("start_ms", sa.Integer),
        sa.Column("end_ms", sa.Integer),
        sa.Column("words", sa.JSON),
        sa.PrimaryKeyConstraint("message_id", name="pk_messages"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.chat_id"], name="fk_messages_chat_id"),
        sa.UniqueConstraint("chat_id", "seq", name="uq_messages_chat_id_seq"),
        sa.UniqueConstraint(
            "chat_id", "speaker", "client_message_id", name="uq_messages_chat_id_speaker_client_message_id"
        ),
    )
