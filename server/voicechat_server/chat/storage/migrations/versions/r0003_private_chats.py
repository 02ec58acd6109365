"""Chats that only their members see."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Mark every chat as open, and make the table of members."""
    op.add_column("chats", sa.Column("is_private", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "members",
        sa.Column("chat_id", sa.Text, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "user", name="pk_members"),
    )
