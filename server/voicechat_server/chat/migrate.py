"""Bringing the tables of a database up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.chat import failures

HEAD = "head"
_LOCK = 0x766F696365


def configuration() -> Config:
    """Return how Alembic finds the revisions in this package."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


async def migrate(engine: AsyncEngine, revision: str = HEAD) -> None:
    """Apply the revisions that a database lacks, up to one of them.

    Raises:
        VoicechatError: `storage` if the database can't be used, or a newer server has written it.
    """
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_upgrade, revision)
            await connection.commit()
    except (SQLAlchemyError, OSError) as error:
        raise failures.storage(error) from error
    except CommandError as error:
        raise VoicechatError(
            ErrorCode.STORAGE,
            f"The chat database has tables this server does not know: {error}",
            "Use the server that wrote it, or a newer one.",
        ) from error


def _upgrade(connection: Connection, revision: str) -> None:
    # Servers that start at the same time take turns; SQLite's transaction has locked its file already.
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    config = configuration()
    wanted = ScriptDirectory.from_config(config).as_revision_number(revision)
    if MigrationContext.configure(connection).get_current_revision() != wanted:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
