"""Where chats are kept: SQLite in one file, or PostgreSQL by its URL, set up for durable writes."""

from pathlib import Path

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from voicechat_common.errors import ErrorCode, VoicechatError

READERS = 4
"""Connections for reading at the same time; each of SQLite's is a thread."""

LOCK_TIMEOUT_S = 5.0
"""How long a write waits for another program that holds SQLite's lock."""

_POSTGRES = "postgresql+asyncpg"
_SQLITE = "sqlite+aiosqlite"
_DRIVERS = {
    "postgresql": _POSTGRES,
    "postgres": _POSTGRES,
    _POSTGRES: _POSTGRES,
    "sqlite": _SQLITE,
    _SQLITE: _SQLITE,
}


def database_url(place: str) -> URL:
    """Return the URL of a database for what a person writes: a file, or a URL.

    Raises:
        VoicechatError: `bad_setting` if it is a URL of no database that is known here.
    """
    if "://" not in place:
        return URL.create(_SQLITE, database=str(Path(place).expanduser().absolute()))
    try:
        url = make_url(place)
        driver = _DRIVERS[url.drivername]
    except (ArgumentError, ValueError, KeyError) as error:
        raise VoicechatError(
            ErrorCode.BAD_SETTING,
            f"{place.split('://')[0]}:// is not the URL of a database that chats can be kept in.",
            "Name a file for SQLite, or postgresql://USER:PASSWORD@HOST/DATABASE, with --database or "
            "VOICECHAT_DATABASE.",
        ) from error
    return url.set(drivername=driver)


def open_engine(url: URL, *, writing: bool) -> AsyncEngine:
    """Return an engine on a database: for the one writer, or for readers.

    Raises:
        VoicechatError: The database's driver is not installed, or its directory can't be made.
    """
    size = 1 if writing else READERS
    try:
        if url.drivername == _SQLITE:
            return _open_sqlite(url, size, "BEGIN IMMEDIATE" if writing else "BEGIN")
        return create_async_engine(url, pool_size=size, max_overflow=0, pool_pre_ping=True)
    except (ImportError, NoSuchModuleError) as error:
        raise VoicechatError(
            ErrorCode.MISSING_DEPENDENCY,
            f"The driver for {url.get_backend_name()} is not installed: {error}.",
            "Install it: pip install 'voicechat[postgres]'.",
        ) from error


def _open_sqlite(url: URL, size: int, begin: str) -> AsyncEngine:
    if url.database:
        _make_directory(Path(url.database).parent)
    engine = create_async_engine(
        url, pool_size=size, max_overflow=0, connect_args={"timeout": LOCK_TIMEOUT_S}
    )

    # The driver would begin transactions late and only for some statements, so they are begun here.
    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        # Readers never wait for the writer. Every commit is on the disk before it returns.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VoicechatError(
            ErrorCode.STORAGE,
            f"The directory {directory} for the chat database can't be made: {error.strerror}.",
            "Name another place with --database or VOICECHAT_DATABASE.",
        ) from error
