"""The chat client over real sockets: outages, a server that is killed, applications that do not keep up."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.support.chat_double import ChatDouble
from tests.support.chat_server import ChatProcess, chat_serving
from tests.support.server import LiveServer, free_port
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.chat import ChatEnded, ChatQuery
from voicechat_common.protocol.codec import encode
from voicechat_tui.client.chat.client import ChatClient
from voicechat_tui.client.chat.events import (
    Acked,
    CaughtUp,
    ChatEvent,
    Connected,
    Failed,
    MessageStored,
    NetworkDelay,
    PresenceChanged,
    Resumed,
    TypingChanged,
)
from voicechat_tui.client.chat.policy import ChatPolicy
from voicechat_tui.client.connection.core import Retrying
from voicechat_tui.client.http import HttpClient

EventT = TypeVar("EventT")

QUICK = ChatPolicy(check_s=0.02, unreachable_s=0.3, first_delay_s=0.01, longest_delay_s=0.05)


class Listener:
    """A client and everything it has told so far."""

    def __init__(self, client: ChatClient) -> None:
        self.client = client
        self.events: list[ChatEvent] = []
        self._changed = asyncio.Event()

    async def listen(self) -> None:
        async for event in self.client.events():
            self.events.append(event)
            self._changed.set()

    async def until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            self._changed.clear()
            await self._changed.wait()

    async def heard(self, kind: type[EventT], times: int = 1) -> EventT:
        """Wait for the n-th event of a kind."""
        await self.until(lambda: len(self.of(kind)) >= times)
        return self.of(kind)[times - 1]

    def of(self, kind: type[EventT]) -> list[EventT]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def messages(self) -> list[tuple[int, str]]:
        return [
            (event.seq, event.message.content) for event in self.events if isinstance(event, MessageStored)
        ]


@asynccontextmanager
async def listening(
    server: str, chat_id: str, user: str | None = None, *, since: int = 0, policy: ChatPolicy = QUICK
) -> AsyncIterator[Listener]:
    async with ChatClient(server, chat_id, user, since=since, policy=policy) as client:
        listener = Listener(client)
        task = asyncio.create_task(listener.listen())
        yield listener
    await task


async def stored_in(server: str, chat_id: str) -> list[tuple[int, str]]:
    async with HttpClient(server) as http:
        return [(message.seq, message.content) async for message in http.history(chat_id)]


async def test_people_hear_each_other_and_see_who_is_there(chat_server: LiveServer, chat_id: str) -> None:
    async with listening(chat_server.http, chat_id, "alice") as alice:
        await alice.heard(CaughtUp)
        async with listening(chat_server.ws, chat_id, "bob") as bob:
            await bob.heard(NetworkDelay)
            await alice.heard(PresenceChanged)
            bob.client.typing(True)
            assert await alice.heard(TypingChanged) == TypingChanged(
                user="bob", is_typing=True, typing=("bob",)
            )
            name = bob.client.send("hello")
            acked = await bob.heard(Acked)
            assert (acked.client_message_id, acked.seq) == (name, 1)
            await alice.until(lambda: alice.messages == [(1, "hello")])
            assert alice.of(TypingChanged)[-1] == TypingChanged(user="bob", is_typing=False, typing=())
        assert await alice.heard(PresenceChanged, 2) == PresenceChanged(
            user="bob", is_present=False, participants=("alice",)
        )
        alice.client.end_chat()
        ended = await alice.heard(ChatEnded)
        assert ended.ended_by == "alice"


async def test_cuts_in_the_middle_of_talk_lose_and_double_nothing(
    chat_server: LiveServer, chat_id: str
) -> None:
    async with (
        listening(chat_server.http, chat_id, "alice") as alice,
        listening(chat_server.http, chat_id, "bob") as bob,
    ):
        await alice.heard(Connected)
        for number in range(60):
            alice.client.send(f"alice {number}")
            bob.client.send(f"bob {number}")
            if number % 10 == 5:
                alice.client._link.cut()
                await alice.heard(Resumed, number // 10 + 1)
        await alice.until(lambda: len(alice.messages) == 120)
        await bob.until(lambda: len(bob.messages) == 120)
    assert alice.messages == bob.messages == await stored_in(chat_server.http, chat_id)
    for name in ("alice", "bob"):
        spoken = [text for _, text in alice.messages if text.startswith(name)]
        assert spoken == [f"{name} {number}" for number in range(60)]
    assert len(alice.of(Acked)) == 60


async def test_a_server_that_is_killed_and_started_again_keeps_what_it_acknowledged(
    database: Path, chat_id: str
) -> None:
    port = free_port()
    with ChatProcess(database, port) as server:
        async with listening(server.http, chat_id, "alice") as alice:
            for number in range(40):
                alice.client.send(str(number))
            await alice.heard(Acked, 5)
            server.kill()
            await alice.heard(Retrying)
            alice.client.send("written meanwhile")
            with ChatProcess(database, port) as again:
                await alice.heard(Resumed)
                await alice.until(lambda: len(alice.messages) == 41)
                expected = [*map(str, range(40)), "written meanwhile"]
                assert alice.messages == list(enumerate(expected, 1))
                assert alice.messages == await stored_in(again.http, chat_id)
        assert len(alice.of(Connected)) == 1


async def test_an_application_that_does_not_keep_up_is_cut_off_and_gets_everything(
    database: Path, chat_id: str
) -> None:
    with chat_serving(database, max_waiting_messages=16) as server:
        async with ChatClient(server.http, chat_id, "slow", policy=QUICK) as slow:
            events = slow.events()
            assert isinstance(await anext(events), Connected)
            async with listening(server.http, chat_id, "alice") as alice:
                count = 0
                while not any(not event.is_present for event in alice.of(PresenceChanged)):
                    count += 1
                    alice.client.send("字" * 4000)
                    await alice.heard(Acked, count)
            found = list[int]()
            resumed = 0
            while len(found) < count:
                event = await anext(events)
                resumed += isinstance(event, Resumed)
                if isinstance(event, MessageStored):
                    found.append(event.seq)
    assert resumed, "the server has cut it off"
    assert found == list(range(1, count + 1))


async def test_a_gap_over_a_real_socket_is_healed(chat_id: str) -> None:
    double = ChatDouble()
    greetings = list[ChatQuery]()

    async def answer(socket: ServerConnection) -> None:
        assert socket.request is not None
        query = ChatQuery.model_validate(
            dict(part.split("=") for part in socket.request.path.partition("?")[2].split("&"))
        )
        greetings.append(query)
        for frame in double.greet(query):
            await socket.send(frame)
        if len(greetings) == 1:
            double.say("lost on the way")
            await socket.send(encode(double.say("comes too early")))
        await socket.wait_closed()

    async with serve(answer, "127.0.0.1", 0) as peer:
        port = peer.sockets[0].getsockname()[1]
        async with listening(f"127.0.0.1:{port}", chat_id, "alice") as alice:
            await alice.until(lambda: len(alice.messages) == 2)
    assert alice.messages == [(1, "lost on the way"), (2, "comes too early")]
    assert [query.since for query in greetings] == [0, 0]
    (retrying,) = alice.of(Retrying)
    assert retrying.reason == "Message 2 arrived when 1 was expected."


async def test_a_server_that_is_not_there_is_a_failure_with_advice() -> None:
    async with listening(f"127.0.0.1:{free_port()}", "c", "alice") as alice:
        failed = await alice.heard(Failed)
    assert failed.code is ErrorCode.SERVER_UNREACHABLE
    assert failed.advice
    assert alice.events[-1] == failed


async def test_waiting_can_be_cut_short(database: Path, chat_id: str) -> None:
    port = free_port()
    patient = ChatPolicy(unreachable_s=3600, first_delay_s=1800, longest_delay_s=1800)
    async with listening(f"127.0.0.1:{port}", chat_id, "alice", policy=patient) as alice:
        await alice.heard(Retrying)
        with ChatProcess(database, port):
            alice.client.retry_now()
            await alice.heard(Connected)


async def test_a_person_who_leaves_takes_the_texts_that_are_not_stored_along() -> None:
    async with listening(f"127.0.0.1:{free_port()}", "c", "alice") as alice:
        name = alice.client.send("a draft")
    assert alice.client.unsent == {name: "a draft"}


@pytest.mark.parametrize(
    ("server", "chat_id", "user"),
    [("ftp://x", "c", "alice"), ("localhost:1", "a/b", "alice"), ("localhost:1", "c", "a\nb")],
)
def test_what_can_not_be_connected_to_is_refused_at_once(server: str, chat_id: str, user: str) -> None:
    with pytest.raises(VoicechatError) as caught:
        ChatClient(server, chat_id, user)
    assert caught.value.code is ErrorCode.BAD_SETTING
