"""The database of the chats: SQLite in one file, or PostgreSQL by its URL, set up for durable writes.

All work on a database is a plain function of a connection, which runs as one transaction off the event loop.
SQLite's work runs in its own threads, with one thread switch per transaction; an asynchronous driver switches
threads for each statement, which was measured to cost four times as much.
"""

import asyncio
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from inspect import signature
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import urlencode

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.chat import failures

READERS = 4
"""Read transactions that may run concurrently."""

LOCK_TIMEOUT_S = 5.0
"""How long a write waits for another program that holds SQLite's lock."""

_POSTGRES = "postgresql+asyncpg"
_SQLITE = "sqlite"
_DRIVERS = {"postgresql": _POSTGRES, "postgres": _POSTGRES, _POSTGRES: _POSTGRES, _SQLITE: _SQLITE}

_SQLALCHEMYS_OWN = ("prepared_statement_cache_size", "prepared_statement_name_func", "async_fallback")
"""Parameters of a URL that SQLAlchemy consumes."""

ResultT = TypeVar("ResultT")
Work = Callable[[Connection], ResultT]


class Database(Protocol):
    """A database that runs work in transactions."""

    async def run(self, work: Work[ResultT]) -> ResultT:
        """Run work in one transaction, which is durable when this returns; an error rolls it back.

        Raises:
            VoicechatError: `storage`, or what the work raises.
        """

    def free_bytes(self) -> int | None:
        """Return the free bytes on the database's disk; None if unknown."""

    async def close(self) -> None:
        """Close the database."""


class FileDatabase:
    """SQLite, run in threads.

    Args:
        url: Names the file.
        writing: Whether transactions write. Writers take turns; readers run concurrently.
    """

    def __init__(self, url: URL, *, writing: bool) -> None:
        workers = 1 if writing else READERS
        self._directory = Path(url.database).parent if url.database else None
        if self._directory is not None:
            _make_directory(self._directory)
        self._engine = create_engine(
            url, pool_size=workers, max_overflow=0, connect_args={"timeout": LOCK_TIMEOUT_S}
        )
        _set_up_sqlite(self._engine, "BEGIN IMMEDIATE" if writing else "BEGIN")
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="chat database")

    async def run(self, work: Work[ResultT]) -> ResultT:
        """Run work in one transaction."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, work)

    def free_bytes(self) -> int | None:
        """Return the free bytes on the file's disk."""
        return None if self._directory is None else shutil.disk_usage(self._directory).free

    async def close(self) -> None:
        """Close the file."""
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()

    def _run(self, work: Work[ResultT]) -> ResultT:
        try:
            with self._engine.begin() as connection:
                return work(connection)
        except (SQLAlchemyError, OSError) as error:
            raise failures.storage(error) from error


class ServerDatabase:
    """A database server, over its asynchronous driver.

    Args:
        url: Names the server and the database.
        writing: Whether transactions write. Writers take turns; readers run concurrently.
    """

    def __init__(self, url: URL, *, writing: bool) -> None:
        import asyncpg

        self._driver_errors = (asyncpg.PostgresError, asyncpg.InterfaceError)
        # Parameters that the driver's function lacks, such as `sslmode`, it takes in a DSN.
        known = {*signature(asyncpg.connect).parameters, *_SQLALCHEMYS_OWN}
        others = {name: value for name, value in url.query.items() if name not in known}
        size = 1 if writing else READERS
        self._engine = create_async_engine(
            url.difference_update_query(others),
            pool_size=size,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={"dsn": f"postgresql://?{urlencode(others, doseq=True)}"} if others else {},
        )

    async def run(self, work: Work[ResultT]) -> ResultT:
        """Run work in one transaction."""
        try:
            async with self._engine.begin() as connection:
                return await connection.run_sync(work)
        except (SQLAlchemyError, OSError, *self._driver_errors) as error:
            raise failures.storage(error) from error

    def free_bytes(self) -> int | None:
        """Return None: the disk may be another machine's."""
        return None

    async def close(self) -> None:
        """Close the connections."""
        await self._engine.dispose()


def open_database(location: str, *, writing: bool) -> Database:
    """Return the database at a location: a file, or a URL.

    Raises:
        VoicechatError: `bad_setting`, `missing_dependency` or `storage`: the database can't be used.
    """
    url = _url(location)
    try:
        if url.drivername == _SQLITE:
            return FileDatabase(url, writing=writing)
        return ServerDatabase(url, writing=writing)
    except ImportError as error:
        raise VoicechatError(
            ErrorCode.MISSING_DEPENDENCY,
            f"The driver for {url.get_backend_name()} is not installed: {error}.",
            "Install it: pip install 'voicechat[postgres]'.",
        ) from error


def _url(location: str) -> URL:
    if "://" not in location:
        return URL.create(_SQLITE, database=str(Path(location).expanduser().absolute()))
    try:
        url = make_url(location)
        return url.set(drivername=_DRIVERS[url.drivername])
    except (ArgumentError, ValueError, KeyError) as error:
        raise VoicechatError(
            ErrorCode.BAD_SETTING,
            f"{location.split('://')[0]}:// is not the URL of a database that chats can be kept in.",
            "Name a file for SQLite, or postgresql://USER:PASSWORD@HOST/DATABASE, with --database or "
            "VOICECHAT_DATABASE.",
        ) from error


def _set_up_sqlite(engine: Engine, begin: str) -> None:
    # The driver begins transactions late and only for some statements, so they are begun here.
    @event.listens_for(engine, "connect")
    def set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        # Readers never wait for the writer, and every commit is on disk before it returns.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VoicechatError(
            ErrorCode.STORAGE,
            f"The directory {directory} for the chat database can't be made: {error.strerror}.",
            "Name another place with --database or VOICECHAT_DATABASE.",
        ) from error
