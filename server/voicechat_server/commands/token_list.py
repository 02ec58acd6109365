"""What was given out, as a table and as JSON."""

import json
from collections.abc import Sequence
from datetime import datetime

from voicechat_common.printable import printable
from voicechat_server.commands.columns import as_columns
from voicechat_server.identity.registry import Record
from voicechat_server.identity.tokens import Kind


def as_table(records: Sequence[Record], now: datetime) -> str:
    """Return a table for a person."""
    rows = [("ID", "KIND", "WHOSE", "SCOPES", "CHATS", "UNTIL", "STATE")]
    rows += [
        (
            record.token_id,
            record.kind.name.lower(),
            printable(record.name or "-"),
            ",".join(sorted(record.scopes)),
            "all" if record.chats is None else ",".join(sorted(record.chats)),
            record.expires_at.astimezone().strftime("%Y-%m-%d %H:%M"),
            _state(record, now),
        )
        for record in records
    ]
    return as_columns(rows)


def as_json_list(records: Sequence[Record]) -> str:
    """Return a JSON list for a program."""
    return json.dumps([_fields(record) for record in records], indent=2, ensure_ascii=False)


def _state(record: Record, now: datetime) -> str:
    if record.revoked_at is not None:
        return "revoked"
    if record.expires_at < now:
        return "expired"
    if record.kind is Kind.TOKEN:
        return "valid"
    if record.uses_left is None:
        return "open to many"
    return "open" if record.uses_left else "used"


def _fields(record: Record) -> dict[str, object]:
    return {
        "token_id": record.token_id,
        "kind": record.kind.name.lower(),
        "subject": record.subject,
        "name": record.name,
        "scopes": sorted(record.scopes),
        "chats": None if record.chats is None else sorted(record.chats),
        "created_at": record.created_at.isoformat(),
        "expires_at": record.expires_at.isoformat(),
        "revoked_at": record.revoked_at and record.revoked_at.isoformat(),
        "uses_left": record.uses_left,
        "invitation_id": record.invitation_id,
    }
