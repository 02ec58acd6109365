"""A disk with too little room: what is stored is read, sent again and ended, and nothing new is taken."""

import shutil
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.support.chat_client import in_chat
from tests.support.chat_records import end, enter, everything, text, written
from tests.support.chat_server import chat_serving
from tests.support.server import LiveServer
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.chat import ChatError, MessageAck, SendMessage
from voicechat_common.protocol.http import ErrorBody
from voicechat_server.chat.records import Outcome
from voicechat_server.chat.storage.store import Store

MEGABYTE = 10**6
ALL = 10**18
"""More than any disk has free, in bytes."""


def free_mb(place: Path) -> int:
    return shutil.disk_usage(place).free // MEGABYTE


async def test_nothing_grows_and_everything_else_goes_on(database: Path) -> None:
    again = text("hello", client_message_id="n1")
    async with Store(str(database)) as store:
        await written(store, enter(), again)
    async with Store(str(database), ALL) as store:
        results = await store.write(
            [enter(), enter(user="bob"), enter("new"), again, text("more", client_message_id="n2"), end()]
        )
        refused = [isinstance(result, VoicechatError) for result in results]
        assert refused == [False, False, True, False, True, False]
        for result in (results[2], results[4]):
            assert isinstance(result, VoicechatError)
            assert (result.code, "--min-free-mb" in result.advice) == (ErrorCode.STORAGE, True)
        resent = results[3]
        assert isinstance(resent, Outcome)
        assert (resent.message and resent.message.seq, resent.is_new) == (1, False)
        assert [message.content for message in await everything(store)] == ["hello"]
        assert await store.participants("c") == ["alice"]


async def test_whoever_came_meanwhile_takes_part_once_there_is_room(database: Path) -> None:
    async with Store(str(database)) as store:
        await written(store, enter())
    async with Store(str(database), ALL) as store:
        await written(store, enter(user="bob"))
    async with Store(str(database), 1) as store:
        await written(store, enter(user="bob"), text("hello", user="bob"))
        assert await store.participants("c") == ["alice", "bob"]


async def say(server: LiveServer, content: str) -> MessageAck | ChatError:
    async with in_chat(server.ws, "lobby", "anna") as anna:
        await anna.send(SendMessage(content=content, client_message_id=content))
        while not isinstance(answer := await anna.receive(), MessageAck | ChatError):
            pass
        return answer


async def test_a_server_says_so_and_takes_messages_again_when_there_is_room(database: Path) -> None:
    with chat_serving(database) as server:
        assert isinstance(await say(server, "one"), MessageAck)
    with chat_serving(database, min_free_mb=10**9) as server:
        told = await say(server, "two")
        assert isinstance(told, ChatError)
        assert (told.code, told.fatal) == (ErrorCode.STORAGE, False)
        assert isinstance(await say(server, "one"), MessageAck)
        async with httpx.AsyncClient(base_url=server.http) as http:
            stored = (await http.get("/chat/lobby")).json()["messages"]
            assert [message["content"] for message in stored] == ["one"]
            created = await http.post("/chat", json={"user_id": "anna", "title": "Another"})
            assert created.status_code == HTTPStatus.SERVICE_UNAVAILABLE
            assert ErrorBody.model_validate(created.json()).error.code == ErrorCode.STORAGE
            (free,) = [
                float(line.split()[1])
                for line in (await http.get("/metrics")).text.splitlines()
                if line.startswith("voicechat_chat_disk_free_bytes")
            ]
            assert free == pytest.approx(shutil.disk_usage(database.parent).free, rel=0.2)
        async with connect(f"{server.ws}/chatting?id=never-seen&user=anna") as stranger:
            await stranger.wait_closed()
            assert "storage" in str(stranger.close_reason)
    with chat_serving(database, min_free_mb=min(free_mb(database.parent) // 2, 10)) as server:
        assert isinstance(await say(server, "two"), MessageAck)
