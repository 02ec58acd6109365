"""Who is in a chat: whoever comes when, what a reader is told adds up to who is there."""

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.chat_records import at
from tests.support.loop_clock import LoopClock
from voicechat_server.chat.live.room import PRESENCE_S
from voicechat_server.chat.records import Chat
from voicechat_server.chat.service import ChatService, Joined
from voicechat_server.chat.storage.store import Store

Step = tuple[str, str | int]
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("join"), st.sampled_from(["alice", "bob", "carol", "dave"])),
    st.tuples(st.sampled_from(["go on", "leave", "read", "wait"]), st.integers(0, 5)),
)


class WaitingStore(Store):
    """A store that answers each question when the test lets it."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.gates: list[asyncio.Event] = []

    async def chat(self, chat_id: str) -> Chat | None:
        gate = asyncio.Event()
        self.gates.append(gate)
        await gate.wait()
        # In a chat that has ended nobody is recorded, so that joining asks nothing else of the database.
        return Chat(chat_id, chat_id, "alice", at(0), ended_at=at(1), ended_by="alice")


class Reader:
    """Somebody who believes what is told."""

    def __init__(self, joined: Joined) -> None:
        self.joined = joined
        self.present = list(joined.established.participants)
        assert joined.member.user in self.present

    def read(self, most: int | None = None) -> None:
        while most != 0 and (frame := self.joined.member.frames.take()) is not None:
            told = json.loads(frame.text)
            assert told["type"] == "presence"
            if told["is_present"]:
                assert told["user"] not in self.present, "nobody comes twice"
                self.present.append(told["user"])
            else:
                self.present.remove(told["user"])
            assert told["count"] == len(self.present)
            most = None if most is None else most - 1


async def settle() -> None:
    """Let every task that can go on do so."""
    for _ in range(4):
        await asyncio.sleep(0)


async def follow(steps: list[Step], place: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        await follow_in_time(steps, place, LoopClock(patch))


async def follow_in_time(steps: list[Step], place: str, clock: LoopClock) -> None:
    store = WaitingStore(place)
    chats = ChatService(store, 1000)
    readers: list[Reader] = []
    joining: list[asyncio.Task[None]] = []

    async def join(user: str) -> None:
        readers.append(Reader(await chats.join("c", user, 0)))

    for step in steps:
        match step:
            case ("join", str(user)):
                joining.append(asyncio.create_task(join(user)))
            case ("go on", int(which)) if store.gates:
                store.gates.pop(which % len(store.gates)).set()
            case ("leave", int(which)) if readers:
                chats.leave("c", readers.pop(which % len(readers)).joined.member)
            case ("read", int(which)) if readers:
                readers[which % len(readers)].read(most=2)
            case ("wait", int(tenths)):
                await clock.move(tenths * PRESENCE_S / 10)
        await settle()
    for gate in store.gates:
        gate.set()
    await asyncio.gather(*joining)
    await clock.move(PRESENCE_S)
    for reader in readers:
        reader.read()
        assert set(reader.present) == {each.joined.member.user for each in readers}
        assert len(reader.present) == len(set(reader.present))
    await store.__aexit__(None, None, None)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=40))
def test_what_a_reader_is_told_adds_up_to_who_is_there(tmp_path: Path, steps: list[Step]) -> None:
    asyncio.run(follow(steps, str(tmp_path / "chats.db")))


@pytest.mark.parametrize("first", [0, 1])
def test_two_who_join_at_the_same_moment_are_both_there_for_both(tmp_path: Path, first: int) -> None:
    together: list[Step] = [("join", "alice"), ("join", "bob"), ("go on", first), ("go on", 0)]
    asyncio.run(follow(together, str(tmp_path / "chats.db")))
