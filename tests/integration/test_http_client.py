"""The typed HTTP calls against a real server, and against what is none."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.support.chat_server import post
from tests.support.other_server import answering
from tests.support.server import LiveServer, free_port
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.chat_http import ExportFormat
from voicechat_common.protocol.http import HealthStatus
from voicechat_tui.client.http import HttpClient


async def failure(server: str, timeout_s: float = 5.0) -> VoicechatError:
    async with HttpClient(server, timeout_s) as http:
        with pytest.raises(VoicechatError) as caught:
            await http.health()
    return caught.value


async def test_what_the_server_says_of_itself(chat_server: LiveServer) -> None:
    async with HttpClient(chat_server.http) as http:
        assert (await http.health()).status is HealthStatus.STARTING
        assert (await http.readiness()).ready is False
        assert (await http.asr_info()).sample_rate == 16_000


async def test_a_server_that_is_ready_says_so(live_server: LiveServer) -> None:
    async with HttpClient(live_server.ws + "/ws") as http:
        assert (await http.readiness()).ready is True


async def test_a_chat_from_its_creation_to_its_export(chat_server: LiveServer, chat_id: str) -> None:
    user = f"user-{chat_id}"
    async with HttpClient(chat_server.http) as http:
        chat = await http.create_chat(user, "周会")
        assert (chat.owner, chat.title) == (user, "周会")
        post(chat_server.http, chat.chat_id, user, "你好")
        for number in range(2, 251):
            post(chat_server.http, chat.chat_id, "bob", str(number))
        page = await http.chat(chat.chat_id, since=1, limit=2)
        assert [message.content for message in page.messages] == ["2", "3"]
        assert [message.seq async for message in http.history(chat.chat_id)] == list(range(1, 251))
        (summary,) = (await http.chats(user)).chat_list
        assert (summary.chat_id, summary.message_count) == (chat.chat_id, 250)
        exported = (await http.export(chat.chat_id, ExportFormat.MD)).decode()
        assert exported.startswith("# 周会")


async def test_errors_of_the_server_come_as_they_are(chat_server: LiveServer) -> None:
    async with HttpClient(chat_server.http) as http:
        with pytest.raises(VoicechatError, match="There is no chat 'nowhere'") as caught:
            await http.chat("nowhere")
        assert caught.value.code is ErrorCode.NOT_FOUND
        with pytest.raises(VoicechatError) as caught:
            await http.chat("../health")
        assert caught.value.code in (ErrorCode.NOT_FOUND, ErrorCode.BAD_FIELD)
        with pytest.raises(VoicechatError, match="title") as caught:
            await http.create_chat("alice", "")
        assert caught.value.code is ErrorCode.BAD_FIELD


async def test_nobody_there() -> None:
    error = await failure(f"127.0.0.1:{free_port()}")
    assert error.code is ErrorCode.SERVER_UNREACHABLE
    assert "nothing listens there" in error.message


async def test_a_server_that_hangs() -> None:
    with answering(None) as server:
        error = await failure(server, timeout_s=0.1)
    assert error.code is ErrorCode.SERVER_UNREACHABLE
    assert "did not answer in time" in error.message


@pytest.mark.parametrize("server", ["☃.example", "[v1.x]", "voice.example/\x7f", "voice.example/\udcff"])
def test_an_address_that_http_can_not_have(server: str) -> None:
    with pytest.raises(VoicechatError, match="not the address of a server") as caught:
        HttpClient(server)
    assert caught.value.code is ErrorCode.BAD_SETTING


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nno",
    ],
)
async def test_something_else_answers(answer: bytes) -> None:
    with answering(answer) as server:
        error = await failure(server)
    assert error.code is ErrorCode.PROTOCOL_MISMATCH
    assert error.message.startswith("There is no voicechat server at ")


async def test_a_server_that_speaks_tls_only() -> None:
    with answering(b"\x15\x03\x01\x00\x02\x02\x46\r\n") as server:
        assert "it speaks TLS only" in (await failure(server)).message


async def test_a_post_stays_one_where_it_is_redirected(chat_server: LiveServer, chat_id: str) -> None:
    for status in (301, 302, 307, 308):
        location = f"{chat_server.http}/chat"
        answer = f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        with answering(answer.encode()) as server:
            async with HttpClient(server) as http:
                chat = await http.create_chat(f"user-{chat_id}", str(status))
        assert chat.title == str(status)


@pytest.mark.parametrize("asked", ["0", "7"])
async def test_a_server_says_when_it_is_back(asked: str) -> None:
    answer = f"HTTP/1.1 503 Later\r\nRetry-After: {asked}\r\nContent-Length: 0\r\n\r\n"
    with answering(answer.encode()) as server:
        error = await failure(server)
    assert (error.code, error.retry_after_s) == (ErrorCode.SERVER_UNREACHABLE, float(asked))


async def test_a_date_says_when_a_server_is_back() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    answer = f"HTTP/1.1 503 Later\r\nRetry-After: {date}\r\nContent-Length: 0\r\n\r\n"
    with answering(answer.encode()) as server:
        error = await failure(server)
    assert error.retry_after_s == pytest.approx(3600, abs=600)


async def test_a_server_that_is_not_ready_is_no_gateway_that_is_not() -> None:
    answer = b"HTTP/1.1 502 Bad\r\nContent-Length: 6\r\n\r\n<html>"
    with answering(answer) as server:
        async with HttpClient(server) as http:
            with pytest.raises(VoicechatError, match="the answer was HTTP 502") as caught:
                await http.readiness()
    assert caught.value.code is ErrorCode.SERVER_UNREACHABLE


async def test_a_connection_that_breaks_off() -> None:
    with answering(b"") as server:
        assert (await failure(server)).code is ErrorCode.SERVER_UNREACHABLE
