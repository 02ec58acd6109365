"""Brings the tables of a database up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, func, select

from voicechat_common.errors import ErrorCode, VoicechatError

HEAD = "head"
_LOCK = 0x766F696365


def configuration() -> Config:
    """Return the configuration by which Alembic finds the revisions in this package."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def migrate(connection: Connection, revision: str = HEAD) -> None:
    """Apply the revisions that a database lacks, up to the given one.

    Raises:
        VoicechatError: `storage` if a newer server has written the database.
    """
    # Servers that start at the same time take turns; SQLite's transaction already holds the file's lock.
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    config = configuration()
    try:
        wanted = ScriptDirectory.from_config(config).as_revision_number(revision)
        if MigrationContext.configure(connection).get_current_revision() != wanted:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    except CommandError as error:
        raise VoicechatError(
            ErrorCode.STORAGE,
            f"The chat database has tables this server does not know: {error}",
            "Use the server that wrote it, or a newer one.",
        ) from error
