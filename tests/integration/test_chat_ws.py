"""The chat WebSocket over real sockets: what is said, in order, durable, and who is there."""

import asyncio
import json
import time
from pathlib import Path

import httpx
import pytest
import websockets

from tests.support.chat_client import ChatConnection, in_chat
from tests.support.chat_server import chat_serving
from tests.support.server import LiveServer
from voicechat_common.protocol import PROTOCOL_VERSION
from voicechat_common.protocol.chat import (
    ChatEnded,
    ChatError,
    EndChat,
    MessageAck,
    MessageHistory,
    NewMessage,
    Presence,
    SendMessage,
    Typing,
    TypingNotice,
)
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.speech import Ping, Pong, Start
from voicechat_server.api.gate.frame_limits import IDLE_FRAMES_AT_ONCE
from voicechat_server.chat.live import typists


async def read_chat(server: LiveServer, chat_id: str) -> dict[str, object]:
    async with httpx.AsyncClient(base_url=server.http) as http:
        found: dict[str, object] = (await http.get(f"/chat/{chat_id}")).raise_for_status().json()
        return found


async def test_an_unknown_chat_is_created_and_belongs_to_who_came_first(
    chat_server: LiveServer, chat_id: str
) -> None:
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        told = alice.established
        assert (told.chat_id, told.user, told.owner, told.title) == (chat_id, "alice", "alice", chat_id)
        assert (told.seq, told.status, told.participants) == (0, "active", ["alice"])
        assert told.protocol == PROTOCOL_VERSION
        async with in_chat(chat_server.ws, chat_id, "bob") as bob:
            assert (bob.established.owner, bob.established.participants) == ("alice", ["alice", "bob"])
    assert (await read_chat(chat_server, chat_id))["participants"] == ["alice", "bob"]


async def test_everybody_gets_every_message_in_the_same_order(chat_server: LiveServer, chat_id: str) -> None:
    async with (
        in_chat(chat_server.ws, chat_id, "alice") as alice,
        in_chat(chat_server.ws, chat_id, "bob") as bob,
        in_chat(chat_server.ws, chat_id, "carol") as carol,
    ):
        for number in range(50):
            await alice.send(SendMessage(content=f"alice {number}"))
            await bob.send(SendMessage(content=f"bob {number}"))
        heard = await asyncio.gather(*(person.texts(100) for person in (alice, bob, carol)))
    assert heard[0] == heard[1] == heard[2]
    assert [text for text in heard[0] if text.startswith("alice")] == [f"alice {n}" for n in range(50)]
    assert [text for text in heard[0] if text.startswith("bob")] == [f"bob {n}" for n in range(50)]


async def test_a_message_is_durable_before_it_is_acknowledged(chat_server: LiveServer, chat_id: str) -> None:
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        for number in range(1, 6):
            ack = await alice.say(f"{number}", f"m-{number}")
            assert (ack.seq, ack.client_message_id) == (number, f"m-{number}")
            chat = await read_chat(chat_server, chat_id)
            assert chat["message_count"] == number
            messages = chat["messages"]
            assert isinstance(messages, list)
            assert messages[-1]["id"] == ack.message_id


async def test_what_the_sender_hears_is_what_the_others_hear(chat_server: LiveServer, chat_id: str) -> None:
    async with (
        in_chat(chat_server.ws, chat_id, "alice") as alice,
        in_chat(chat_server.ws, chat_id, "bob") as bob,
    ):
        await alice.send(SendMessage(content="你好", client_message_id="m"))
        mine, ack, theirs = (
            await alice.expect(NewMessage),
            await alice.expect(MessageAck),
            await bob.expect(NewMessage),
        )
        assert mine == theirs
        assert (mine.seq, mine.speaker, mine.kind, mine.content) == (1, "alice", "text", "你好")
        assert (mine.is_partial, mine.revision, mine.client_message_id) == (False, 0, "m")
        assert mine.timestamp.utcoffset() is not None
        assert (ack.message_id, ack.seq) == (mine.message_id, 1)


async def test_history_comes_first_then_what_happens_live(chat_server: LiveServer, chat_id: str) -> None:
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        for number in range(1, 4):
            await alice.say(str(number))
        async with in_chat(chat_server.ws, chat_id, "bob") as bob:
            assert bob.established.seq == 3
            history = [await bob.expect(MessageHistory) for _ in range(3)]
            assert [(message.seq, message.content) for message in history] == [(1, "1"), (2, "2"), (3, "3")]
            await alice.say("4")
            assert (await bob.expect(NewMessage)).seq == 4


@pytest.mark.parametrize("since", [0, 1, 699, 700])
async def test_who_comes_back_with_since_misses_none_and_sees_none_twice(
    chat_server: LiveServer, chat_id: str, since: int
) -> None:
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        await alice.send(*(SendMessage(content=str(number)) for number in range(1, 701)))
        await alice.texts(700)
        async with in_chat(chat_server.ws, chat_id, "bob", since) as bob:
            await alice.say("the last")
            expected = [str(number) for number in range(since + 1, 701)] + ["the last"]
            assert await bob.texts(len(expected)) == expected


async def test_joining_while_others_write_misses_none_and_sees_none_twice(
    chat_server: LiveServer, chat_id: str
) -> None:
    count = 300

    async def come_and_read() -> list[str]:
        async with in_chat(chat_server.ws, chat_id, "bob") as bob:
            return await bob.texts(count)

    async with in_chat(chat_server.ws, chat_id, "alice") as alice, asyncio.TaskGroup() as group:
        readers = []
        for number in range(count):
            if number % 30 == 0:
                readers.append(group.create_task(come_and_read()))
            await alice.say(str(number))
    assert all(reader.result() == [str(number) for number in range(count)] for reader in readers)


async def test_several_connections_of_a_person_count_once(chat_server: LiveServer, chat_id: str) -> None:
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        async with in_chat(chat_server.ws, chat_id, "bob") as bob:
            assert await alice.expect(Presence) == Presence(user="bob", is_present=True, count=2)
            async with in_chat(chat_server.ws, chat_id, "bob") as second:
                assert second.established.participants == ["alice", "bob"]
                async with in_chat(chat_server.ws, chat_id, "carol"):
                    expected = Presence(user="carol", is_present=True, count=3)
                    assert await alice.expect(Presence) == expected
                    assert await bob.expect(Presence) == expected, "bob did not hear of himself"
                assert await alice.expect(Presence) == Presence(user="carol", is_present=False, count=2)
            await bob.say("still here")
            assert await alice.expect(NewMessage)
        assert await alice.expect(Presence) == Presence(user="bob", is_present=False, count=1)


async def test_guests_get_names_of_their_own_and_take_part_when_they_speak(
    chat_server: LiveServer, chat_id: str
) -> None:
    async with (
        in_chat(chat_server.ws, chat_id, "alice"),
        in_chat(chat_server.ws, chat_id) as guest,
        in_chat(chat_server.ws, chat_id) as silent,
    ):
        name = guest.established.user
        assert name.startswith("guest-")
        assert name != silent.established.user
        await guest.say("hello")
        assert (await silent.expect(NewMessage)).speaker == name
    assert (await read_chat(chat_server, chat_id))["participants"] == ["alice", name]


async def test_typing_is_told_to_others_and_ends_with_the_message(
    chat_server: LiveServer, chat_id: str
) -> None:
    async with (
        in_chat(chat_server.ws, chat_id, "alice") as alice,
        in_chat(chat_server.ws, chat_id, "bob") as bob,
    ):
        await alice.send(Typing())
        assert await bob.expect(TypingNotice) == TypingNotice(user="alice", is_typing=True)
        async with in_chat(chat_server.ws, chat_id, "carol") as carol:
            assert await carol.expect(TypingNotice) == TypingNotice(user="alice", is_typing=True)
        await alice.send(SendMessage(content="done"))
        assert await bob.expect(TypingNotice) == TypingNotice(user="alice", is_typing=False)
        for is_typing in (True, False):
            await alice.send(Typing(is_typing=is_typing))
            assert (await bob.expect(TypingNotice)).is_typing == is_typing
        await alice.send(Ping(id=1))
        heard = [await alice.receive()]
        while not isinstance(heard[-1], Pong):
            heard.append(await alice.receive())
        assert not any(isinstance(message, TypingNotice) for message in heard), "nobody hears of himself"


async def test_typing_and_coming_back_all_the_time_are_no_flood(
    chat_server: LiveServer, chat_id: str
) -> None:
    async with in_chat(chat_server.ws, chat_id, "bob") as bob:
        began = time.monotonic()
        async with in_chat(chat_server.ws, chat_id, "alice") as alice:
            for _ in range(IDLE_FRAMES_AT_ONCE // 4):
                await alice.send(Typing(), Typing(is_typing=False))
            await alice.send(Typing())
            for _ in range(50):
                async with in_chat(chat_server.ws, chat_id, "carol"):
                    pass
            await alice.say("done")
            told = [await bob.receive()]
            while not isinstance(told[-1], NewMessage):
                told.append(await bob.receive())
        seconds = 1 + time.monotonic() - began
        for kind in (TypingNotice, Presence):
            assert 0 < sum(isinstance(message, kind) for message in told) <= seconds + 1
        while (await bob.expect(Presence)).count > 1:
            pass  # Carol and Alice may have left in one announcement, in either order.


async def test_typing_expires(chat_server: LiveServer, chat_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typists, "TYPING_S", 0.1)
    async with (
        in_chat(chat_server.ws, chat_id, "alice") as alice,
        in_chat(chat_server.ws, chat_id, "bob") as bob,
    ):
        await alice.send(Typing())
        assert (await bob.expect(TypingNotice)).is_typing
        assert not (await bob.expect(TypingNotice)).is_typing


async def test_a_ping_is_answered(chat_server: LiveServer, chat_id: str) -> None:
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        await alice.send(Ping(id=7))
        assert await alice.expect(Pong) == Pong(id=7)


async def test_the_owner_ends_a_chat_which_then_takes_nothing_and_can_be_read(
    chat_server: LiveServer, chat_id: str
) -> None:
    async with (
        in_chat(chat_server.ws, chat_id, "alice") as alice,
        in_chat(chat_server.ws, chat_id, "bob") as bob,
    ):
        await bob.say("before")
        await bob.send(EndChat())
        assert (await bob.expect(ChatError)).code == "not_owner"
        await alice.send(EndChat())
        for person in (alice, bob):
            told = await person.expect(ChatEnded)
            assert (told.chat_id, told.ended_by) == (chat_id, "alice")
        await bob.send(SendMessage(content="after", client_message_id="late"))
        error = await bob.expect(ChatError)
        assert (error.code, error.client_message_id, error.fatal) == ("chat_ended", "late", False)
        assert "ended by 'alice'" in error.message
    async with in_chat(chat_server.ws, chat_id, "carol") as carol:
        assert carol.established.status == "ended"
        assert await carol.texts(1) == ["before"]
    assert (await read_chat(chat_server, chat_id))["participants"] == ["alice", "bob"]


async def test_the_same_client_message_id_ten_times_at_once_from_two_connections(
    chat_server: LiveServer, chat_id: str
) -> None:
    async with (
        in_chat(chat_server.ws, chat_id, "alice") as first,
        in_chat(chat_server.ws, chat_id, "alice") as second,
        in_chat(chat_server.ws, chat_id, "bob") as bob,
    ):

        async def send_five_times(connection: ChatConnection) -> list[MessageAck]:
            await connection.send(*[SendMessage(content="once", client_message_id="m")] * 5)
            return [await connection.expect(MessageAck) for _ in range(5)]

        acks = await asyncio.gather(send_five_times(first), send_five_times(second))
        assert len(set(map(repr, acks[0] + acks[1]))) == 1
        await first.say("next")
        assert await bob.texts(2) == ["once", "next"]
    assert (await read_chat(chat_server, chat_id))["message_count"] == 2


async def test_another_text_under_a_name_in_use_is_refused_and_the_connection_goes_on(
    chat_server: LiveServer, chat_id: str
) -> None:
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        await alice.say("first run", "1")
        await alice.send(SendMessage(content="second run", client_message_id="1"))
        error = await alice.expect(ChatError)
        assert (error.code, error.client_message_id, error.fatal) == ("id_taken", "1", False)
        await alice.say("second run", "2")
        await alice.say("first run", "1")
    async with in_chat(chat_server.ws, chat_id, "bob") as bob:
        assert await bob.texts(2) == ["first run", "second run"]


async def test_a_name_that_looks_like_another_is_let_in_nowhere_and_its_owner_everywhere(
    chat_server: LiveServer, chat_id: str
) -> None:
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        await alice.say("hello")
        for path in (f"/chatting?id={chat_id}&user=al\u0456ce", "/ws"):
            async with websockets.connect(chat_server.ws + path) as socket:
                if path == "/ws":
                    await socket.send(encode(Start(chat_id=chat_id, user="alice\ufe0f")))
                error = json.loads(await socket.recv())
                assert (error["code"], error["fatal"]) == ("name_taken", True)
                assert "'alice'" in error["message"]
                await socket.wait_closed()
                assert socket.close_code == 1008
        async with httpx.AsyncClient(base_url=chat_server.http) as http:
            body = {"user_id": "ALICE", "content": "I am alice"}
            refused = await http.post(f"/chat/{chat_id}/messages", json=body)
            assert (refused.status_code, refused.json()["error"]["code"]) == (409, "name_taken")
        async with in_chat(chat_server.ws, chat_id, "alice") as again:
            assert again.established.participants == ["alice"]
    async with in_chat(chat_server.ws, chat_id, "alicia") as alicia:
        assert await alicia.texts(1) == ["hello"]
    assert (await read_chat(chat_server, chat_id))["participants"] == ["alice", "alicia"]


async def test_chats_do_not_hear_each_other(chat_server: LiveServer, chat_id: str) -> None:
    async with (
        in_chat(chat_server.ws, f"{chat_id}-a", "alice") as here,
        in_chat(chat_server.ws, f"{chat_id}-b", "alice") as there,
    ):
        await here.say("here")
        await there.say("there")
        assert (await here.say("here too")).seq == 2


async def test_a_server_that_ends_says_so(database: Path) -> None:
    with chat_serving(database) as server:
        async with in_chat(server.ws, "c", "alice") as alice:
            await alice.say("kept")
            server.server.should_exit = True
            error = await alice.expect(ChatError)
            assert (error.code, error.fatal) == ("shutting_down", True)
            assert error.retry_after_s is not None
            assert await alice.closed_with() == 1012
    with chat_serving(database) as server:
        async with in_chat(server.ws, "c", "alice") as alice:
            assert await alice.texts(1) == ["kept"]


async def test_who_is_there_adds_up_for_everybody_who_joins_and_leaves_at_once(
    chat_server: LiveServer, chat_id: str
) -> None:
    people = [f"user-{number}" for number in range(24)]
    stay = people[::2]
    joined = asyncio.Barrier(len(people))

    async def be_there(user: str) -> None:
        async with in_chat(chat_server.ws, chat_id, user) as connection:
            present = connection.established.participants
            assert user in present
            await until_there(connection, present, set(people))
            await joined.wait()
            if user in stay:
                await until_there(connection, present, set(stay))

    await asyncio.gather(*map(be_there, people))


async def until_there(connection: ChatConnection, present: list[str], expected: set[str]) -> None:
    """Read until a list that is kept by what is told has these people."""
    while set(present) != expected:
        told = await connection.expect(Presence)
        if told.is_present:
            assert told.user not in present
            present.append(told.user)
        else:
            present.remove(told.user)
        assert told.count == len(present)
