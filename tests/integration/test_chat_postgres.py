"""A server whose chats are in PostgreSQL, and what becomes of them when its connections are cut."""

import subprocess

import pytest
from sqlalchemy import make_url

from tests.support.chat_client import ChatConnection, in_chat
from tests.support.chat_server import chat_serving
from tests.support.postgres import ACCOUNT, postgres
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.chat import ChatError, MessageAck, SendMessage
from voicechat_server.chat.storage.store import Store, prepare
from voicechat_tui.client.http import HttpClient


def cut_all_connections(url: str) -> None:
    """End every session of the database, as its restart does."""
    server = make_url(url)
    query = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    command = ["psql", "-h", str(server.host), "-p", str(server.port), "-U", ACCOUNT, "-c", query]
    subprocess.run(command, check=True, capture_output=True)


async def say_until_stored(alice: ChatConnection, content: str) -> MessageAck:
    """Say something, again and again as the server advises; return its ack."""
    while True:
        await alice.send(SendMessage(content=content, client_message_id=content))
        while not isinstance(answer := await alice.receive(), MessageAck | ChatError):
            pass
        if isinstance(answer, MessageAck):
            return answer
        assert (answer.code, answer.fatal) == ("storage", False)


async def test_chats_in_postgresql_outlive_its_connections() -> None:
    with postgres() as url:
        with chat_serving(url) as server:
            async with in_chat(server.ws, "c", "alice") as alice:
                assert (await say_until_stored(alice, "one")).seq == 1
                cut_all_connections(url)
                assert (await say_until_stored(alice, "two")).seq == 2
        with chat_serving(url) as server:
            async with HttpClient(server.http) as http:
                assert [message.content async for message in http.history("c")] == ["one", "two"]
                assert (await http.health()).total_chats == 1


async def test_an_address_as_libpq_takes_it() -> None:
    with postgres() as url:
        for query in ("sslmode=prefer", "ssl=prefer", "sslmode=disable&application_name=chats", ""):
            async with Store(f"{url}?{query}") as store:
                assert await store.count_chats() == 0
        for query in ("sslmode=require", "sslmode=sometimes", "no_such_parameter=1"):
            with pytest.raises(VoicechatError) as caught:
                await prepare(f"{url}?{query}")
            assert caught.value.code is ErrorCode.STORAGE
