"""What clients of the chat WebSocket do wrong: a clear error, the right close code, nobody else notices."""

import json

import pytest
from websockets.exceptions import InvalidStatus

from tests.support.chat_client import ChatConnection, chat_path, in_chat, raw_connection
from tests.support.server import LiveServer
from voicechat_common.protocol.chat import ChatError, SendMessage
from voicechat_common.protocol.speech import Ping, Pong
from voicechat_server.api.chat.chat_ws import MAX_FRAME_BYTES


async def refused(server: LiveServer, path: str, code: str = "bad_field") -> str:
    """Connect in vain; return what the server said."""
    async with raw_connection(server.ws, path) as connection:
        error = await connection.receive()
        assert isinstance(error, ChatError)
        assert (error.code, error.fatal) == (code, True)
        assert error.advice
        assert await connection.closed_with() == 1008
        return error.message


async def still_works(connection: ChatConnection) -> None:
    await connection.send(Ping(id=1))
    assert await connection.expect(Pong) == Pong(id=1)


@pytest.mark.parametrize(
    "chat_id",
    [
        "", "a/b", "../etc/passwd", "a'b", 'a"b', "a b", ".hidden", "list", "x" * 129, "x" * 7_000,
        "小明", "a\x00b", "<script>", "'; DROP TABLE chats; --",
    ],
)  # fmt: skip
async def test_an_id_that_is_none(chat_server: LiveServer, chat_id: str) -> None:
    assert "id" in await refused(chat_server, chat_path(chat_id, "alice"))


@pytest.mark.parametrize(
    ("length", "status", "code"), [(10_000, 422, "bad_field"), (60_000, 431, "head_too_large")]
)
async def test_an_address_too_long_to_be_read(
    chat_server: LiveServer, length: int, status: int, code: str
) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with in_chat(chat_server.ws, "x" * length, "alice"):
            pass
    assert refusal.value.response.status_code == status
    assert json.loads(refusal.value.response.body)["error"]["code"] == code


async def test_no_id_at_all(chat_server: LiveServer) -> None:
    assert "id" in await refused(chat_server, "/chatting")


@pytest.mark.parametrize("user", ["", " ", "a\nb", "a\u202eb", "x" * 65])
async def test_a_name_that_deceives(chat_server: LiveServer, chat_id: str, user: str) -> None:
    assert "user" in await refused(chat_server, chat_path(chat_id, user))


@pytest.mark.parametrize("since", ["-1", "x", "", "1.5", "1", "1000000000", str(2**63), str(10**30)])
async def test_a_since_that_is_negative_beyond_the_end_or_no_number(
    chat_server: LiveServer, chat_id: str, since: str
) -> None:
    assert "since" in await refused(chat_server, chat_path(chat_id, "alice", since))


async def test_who_is_refused_creates_no_chat(chat_server: LiveServer, chat_id: str) -> None:
    await refused(chat_server, chat_path(chat_id, "alice", 5))
    async with in_chat(chat_server.ws, chat_id, "bob") as bob:
        assert bob.established.owner == "bob"


@pytest.mark.parametrize(
    "content",
    [
        "", " ", "\n", "x" * 4001, "a\x00", "\x1b[2J", "a\rb", "left\u202etfel", "\u2066", "\u0085",
        None, 7, ["x"], {},
    ],
)  # fmt: skip
async def test_a_text_that_can_not_be_said(chat_server: LiveServer, chat_id: str, content: object) -> None:
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        await alice.send(json.dumps({"type": "message", "content": content, "client_message_id": "m"}))
        error = await alice.expect(ChatError)
        assert (error.code, error.fatal) == ("bad_field", False)
        assert "content" in error.message
        assert (await alice.say("fine")).seq == 1


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", "bad_json"),
        ("hello", "bad_json"),
        ('{"type":"ping"} and more', "bad_json"),
        ("[" * 50_000, "bad_json"),
        ("[]", "unknown_type"),
        ("7", "unknown_type"),
        ("{}", "unknown_type"),
        ('{"type":7}', "unknown_type"),
        ('{"type":"shout","content":"x"}', "unknown_type"),
        ('{"type":"message"}', "bad_field"),
        ('{"type":"message","content":"x","client_message_id":"a b"}', "bad_field"),
        ('{"type":"message","content":"\\ud800"}', "bad_json"),
        ('{"type":"typing","is_typing":"maybe"}', "bad_field"),
    ],
)
async def test_a_frame_that_is_no_message(
    chat_server: LiveServer, chat_id: str, frame: str, code: str
) -> None:
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        await alice.send(frame)
        error = await alice.expect(ChatError)
        assert (error.code, error.fatal) == (code, False)
        assert error.advice
        await still_works(alice)


async def test_unknown_fields_are_ignored(chat_server: LiveServer, chat_id: str) -> None:
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        await alice.send('{"type":"message","content":"hello","colour":"red"}')
        assert await alice.texts(1) == ["hello"]


async def test_audio_where_none_belongs(chat_server: LiveServer, chat_id: str) -> None:
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        await alice.send(b"\x00\x01" * 1600)
        error = await alice.expect(ChatError)
        assert error.code == "bad_field"
        assert "/ws" in error.advice
        await still_works(alice)


async def test_a_megabyte(chat_server: LiveServer, chat_id: str) -> None:
    async with (
        in_chat(chat_server.ws, chat_id, "alice") as alice,
        in_chat(chat_server.ws, chat_id, "bob") as bob,
    ):
        await alice.send(json.dumps({"type": "message", "content": "x" * 2**20}))
        error = await alice.expect(ChatError)
        assert (error.code, error.fatal) == ("frame_too_large", True)
        assert str(MAX_FRAME_BYTES) in error.message
        assert await alice.closed_with() == 1009
        await still_works(bob)


async def test_text_that_is_not_utf_8(chat_server: LiveServer, chat_id: str) -> None:
    async with (
        in_chat(chat_server.ws, chat_id, "alice") as alice,
        in_chat(chat_server.ws, chat_id, "bob") as bob,
    ):
        await alice.socket.send(b'{"type":"message","content":"\xff\xfe"}', text=True)
        assert await alice.closed_with() == 1007
        assert (await bob.say("unharmed")).seq == 1


async def test_markup_and_sql_are_only_text(chat_server: LiveServer, chat_id: str) -> None:
    attack = "<script>alert(1)</script>'); DROP TABLE messages; -- $(rm -rf /) {{7*7}} %s \\ \" '"
    async with in_chat(chat_server.ws, chat_id, attack[:60]) as alice:
        await alice.send(SendMessage(content=attack))
        assert await alice.texts(1) == [attack]
    async with in_chat(chat_server.ws, chat_id, "bob") as bob:
        assert await bob.texts(1) == [attack]
