"""Makes people members of chats, inside whatever transaction that is part of."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, insert, select

from voicechat_server.chat.storage.tables import members


def add_members(connection: Connection, chat_ids: Collection[str], user: str, at: datetime) -> None:
    """Make somebody a member of chats; those who are stay so."""
    query = select(members.c.chat_id).where(members.c.user == user, members.c.chat_id.in_(chat_ids))
    new = sorted({*chat_ids} - {*connection.execute(query).scalars()})
    if new:
        rows = [{"chat_id": chat_id, "user": user, "added_at": at} for chat_id in new]
        connection.execute(insert(members), rows)
