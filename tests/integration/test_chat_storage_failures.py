"""A database that can't be used is told before the server listens; one that fails later costs nothing."""

import asyncio
import multiprocessing
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from tests.support.chat_client import ChatConnection, in_chat
from tests.support.chat_records import enter, everything, text, written
from tests.support.chat_server import chat_serving, post
from tests.support.locked_file import locked
from tests.support.server import LiveServer
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.chat import ChatError, MessageAck, SendMessage
from voicechat_server.chat.storage import database as chat_database
from voicechat_server.chat.storage.store import Store, prepare

NOBODY = 65534
PAGE_BYTES = 4096


def refusal(place: Path | str) -> VoicechatError:
    """Why a database can't be used."""
    with pytest.raises(VoicechatError) as caught:
        asyncio.run(prepare(str(place)))
    return caught.value


async def say(alice: ChatConnection, content: str, name: str) -> MessageAck | ChatError:
    """Say something; return what became of it."""
    await alice.send(SendMessage(content=content, client_message_id=name))
    while not isinstance(answer := await alice.receive(), MessageAck | ChatError):
        pass
    assert answer.client_message_id == name
    return answer


def contents(server: LiveServer, chat_id: str) -> list[str]:
    answer = httpx.get(f"{server.http}/chat/{chat_id}", params={"limit": 1000}).raise_for_status()
    return [message["content"] for message in answer.json()["messages"]]


def test_a_file_that_is_no_database(database: Path) -> None:
    database.write_bytes(os.urandom(3 * PAGE_BYTES))
    before = database.read_bytes()
    error = refusal(database)
    assert (error.code, error.message) == (
        ErrorCode.STORAGE,
        "The chat database failed: the file is not a database.",
    )
    assert error.advice == "Move the file away, or name another one."
    assert database.read_bytes() == before, "what is not ours is left alone"


def test_a_place_that_can_be_no_file(tmp_path: Path) -> None:
    assert refusal(tmp_path).message == "The chat database failed: it can't be opened."
    (tmp_path / "file").touch()
    error = refusal(tmp_path / "file" / "chats.db")
    assert error.code is ErrorCode.STORAGE
    assert error.message.startswith(f"The directory {tmp_path / 'file'} for the chat database can't be made")


@pytest.mark.parametrize("place", ["mysql://localhost/chats", "oracle://x", "sqlite+nonsense://x"])
def test_a_database_of_another_kind(place: str) -> None:
    assert refusal(place).code is ErrorCode.BAD_SETTING


def _prepare_as_nobody(place: str, scratch: str, answers: Connection) -> None:
    # What Python imports late is read while this process still may.
    asyncio.run(prepare(scratch))
    if os.geteuid() == 0:
        os.setuid(NOBODY)
    try:
        asyncio.run(prepare(place))
    except VoicechatError as error:
        answers.send((error.code.value, error.message))
    else:
        answers.send(None)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_file_that_can_not_be_written(tmp_path: Path, is_there: bool) -> None:
    with TemporaryDirectory() as directory:
        place = Path(directory, "chats.db")
        if is_there:
            asyncio.run(prepare(str(place)))
            place.chmod(0o444)
        Path(directory).chmod(0o555)
        processes = multiprocessing.get_context("forkserver")
        ours, theirs = processes.Pipe()
        arguments = (str(place), str(tmp_path / "scratch.db"), theirs)
        child = processes.Process(target=_prepare_as_nobody, args=arguments)
        child.start()
        answer = ours.recv()
        child.join()
        Path(directory).chmod(0o755)
    cause = "it can't be written" if is_there else "it can't be opened"
    assert answer == ("storage", f"The chat database failed: {cause}.")


async def fill(database: Path, chat_id: str) -> None:
    async with Store(str(database)) as store:
        await written(store, enter(chat_id), *(text("x" * 3000, chat_id) for _ in range(200)))


def test_a_file_longer_than_its_opening_is_exported_whole(database: Path, chat_id: str) -> None:
    asyncio.run(fill(database, chat_id))
    with chat_serving(database) as server:
        exported = httpx.get(f"{server.http}/chat/{chat_id}/export?format=txt").raise_for_status().text
    assert exported.count("x" * 3000) == 200


def test_a_file_that_is_damaged_in_the_middle(database: Path, chat_id: str) -> None:
    asyncio.run(fill(database, chat_id))
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = bytearray(database.read_bytes())
    middle = len(whole) // PAGE_BYTES // 2 * PAGE_BYTES
    whole[middle : middle + 40 * PAGE_BYTES] = b"\xa5" * 40 * PAGE_BYTES
    database.write_bytes(whole)
    with chat_serving(database) as server:
        exports = [f"/export?format={form}" for form in ("txt", "md", "json")]
        for call in ("?limit=1000", *exports):
            answer = httpx.get(f"{server.http}/chat/{chat_id}{call}")
            assert answer.status_code == 503
            assert answer.json()["error"]["code"] == "storage"
            assert answer.json()["error"]["message"] == "The chat database failed: the file is damaged."
        assert httpx.get(f"{server.http}/health").status_code == 200


async def test_a_file_that_another_program_has_locked(
    database: Path, chat_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_database, "LOCK_TIMEOUT_S", 0.05)
    await prepare(str(database))
    with locked(database), pytest.raises(VoicechatError, match="another program has locked it"):
        await prepare(str(database))
    with chat_serving(database) as server:
        async with in_chat(server.ws, chat_id, "alice") as alice:
            assert isinstance(await say(alice, "before", "m-1"), MessageAck)
            with locked(database):
                error = await say(alice, "during", "m-2")
                assert isinstance(error, ChatError)
                assert (error.code, error.fatal) == ("storage", False)
                assert error.retry_after_s is not None
                assert contents(server, chat_id) == ["before"], "what is stored can still be read"
                refused = await asyncio.to_thread(post, server.http, chat_id, "bob", "over HTTP")
                assert "locked" in refused.json()["error"]["message"]
                assert refused.json()["error"]["retry_after_s"] is not None
            ack = await say(alice, "during", "m-2")
            assert isinstance(ack, MessageAck)
            assert ack.seq == 2
        assert contents(server, chat_id) == ["before", "during"]


@contextmanager
def small_disk(pages: int) -> Iterator[list[DBAPIConnection]]:
    """Let no database grow beyond so many pages, as on a full disk; yields the connections, to free some."""
    connections: list[DBAPIConnection] = []

    def limit(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connections.append(connection)
        set_size(connection, pages)

    event.listen(Engine, "connect", limit)
    try:
        yield connections
    finally:
        event.remove(Engine, "connect", limit)


def set_size(connection: DBAPIConnection, pages: int) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA max_page_count={pages}")
    cursor.close()


async def test_a_disk_that_is_full(database: Path, chat_id: str) -> None:
    long = "x" * 3000
    with small_disk(pages=60) as connections, chat_serving(database) as server:
        async with in_chat(server.ws, chat_id, "alice") as alice:
            count = 0
            while isinstance(answer := await say(alice, f"{count} {long}", f"m-{count}"), MessageAck):
                count += 1
                assert answer.seq == count < 100
            assert isinstance(answer, ChatError)
            assert (answer.code, answer.fatal) == ("storage", False)
            assert answer.message == "The chat database failed: its disk is full."
            assert answer.advice == "Free some space on its disk, and try again."
            stored = [f"{number} {long}" for number in range(count)]
            assert contents(server, chat_id) == stored, "what was acknowledged is there, and nothing else"
            for connection in connections:
                set_size(connection, 1000)
            again = await say(alice, f"{count} {long}", f"m-{count}")
            assert isinstance(again, MessageAck)
            assert again.seq == count + 1
    async with Store(str(database)) as store:
        assert len(await everything(store, chat_id)) == count + 1
