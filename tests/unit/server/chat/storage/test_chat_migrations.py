"""The tables of the chat database come out the same by every way, and nothing is lost on it."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from tests.support.chat_records import enter, everything, text, written
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.chat.storage.migrate import configuration, migrate
from voicechat_server.chat.storage.store import Store, prepare
from voicechat_server.chat.storage.tables import metadata

REVISIONS = [each.revision for each in ScriptDirectory.from_config(configuration()).walk_revisions()][::-1]


def upgrade(database: Path, revision: str = "head") -> None:
    """Bring a file to a revision."""
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        migrate(connection, revision)
    engine.dispose()


def tables(database: Path) -> list[tuple[str, ...]]:
    """The tables and indices of a file, as SQLite tells them."""
    connection = sqlite3.connect(database)
    found = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
    connection.close()
    return found


def test_from_nothing_come_the_tables_that_the_code_works_with(database: Path) -> None:
    upgrade(database)
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()
    assert differences == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_from_each_revision_come_the_same_tables(database: Path, tmp_path: Path, revision: str) -> None:
    upgrade(database, revision)
    upgrade(database)
    upgrade(tmp_path / "fresh.db")
    assert tables(database) == tables(tmp_path / "fresh.db")


@pytest.mark.parametrize("revision", REVISIONS)
async def test_what_each_revision_holds_is_there_after_the_upgrade(database: Path, revision: str) -> None:
    upgrade(database, revision)
    connection = sqlite3.connect(database)
    connection.execute(
        "INSERT INTO chats (chat_id, title, owner, created_at, last_seq) VALUES ('c', 't', 'alice', 0, 1)"
    )
    connection.execute("INSERT INTO participants VALUES ('c', 'alice', 0)")
    connection.execute(
        "INSERT INTO messages (message_id, chat_id, seq, speaker, kind, content, timestamp)"
        " VALUES ('m', 'c', 1, 'alice', 'text', 'kept', 0)"
    )
    connection.commit()
    connection.close()
    async with Store(str(database)) as store:
        await written(store, text("new"))
        assert [message.content for message in await everything(store)] == ["kept", "new"]
        assert await store.participants("c") == ["alice"]


async def test_starting_again_changes_nothing(database: Path) -> None:
    async with Store(str(database)) as store:
        await written(store, enter(), text("one"))
    before = tables(database)
    await prepare(str(database))
    assert tables(database) == before
    async with Store(str(database)) as store:
        assert len(await everything(store)) == 1


async def test_a_database_of_a_newer_server_is_left_alone(database: Path) -> None:
    upgrade(database)
    connection = sqlite3.connect(database)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(VoicechatError) as refused:
        await prepare(str(database))
    assert refused.value.code is ErrorCode.STORAGE
    assert "9999" in refused.value.message
    assert "newer" in refused.value.advice
