"""Live fan-out, and what is true of a chat only now."""

import asyncio
import json

import pytest

from tests.support.chat_records import at
from tests.support.loop_clock import LoopClock
from voicechat_common.protocol.chat import MessageKind, NewMessage
from voicechat_server import turns
from voicechat_server.chat.live.frame_queue import Frame
from voicechat_server.chat.live.hub import Broadcast, Hub
from voicechat_server.chat.live.room import PARTIALS_S, PRESENCE_S, Room
from voicechat_server.chat.live.typists import NOTICE_S, TYPING_S
from voicechat_server.chat.observer import ChatObserver
from voicechat_server.chat.records import Chat, StoredMessage
from voicechat_server.turns import Turns

A, B = Broadcast(Frame("a")), Broadcast(Frame("b"))


class Audience:
    """Somebody who hears everything of the chat `c`."""

    def __init__(self, hub: Hub) -> None:
        self.heard: list[Broadcast] = []
        self.hear = self.heard.append
        hub.subscribe("c", self.hear)

    def take(self) -> list[tuple[object, ...]]:
        """What was heard since the last call, in short."""
        taken = [_short(json.loads(broadcast.frame.text)) for broadcast in self.heard]
        self.heard.clear()
        return taken


def _short(message: dict[str, object]) -> tuple[object, ...]:
    match message["type"]:
        case "presence":
            return "presence", message["user"], message["is_present"], message["count"]
        case "typing":
            return "typing", message["user"], message["is_typing"]
        case "new_message":
            return "message", message["message_id"], message["content"], message["revision"], message["seq"]
        case kind:
            return (kind,)


@pytest.fixture
def hub() -> Hub:
    return Hub(ChatObserver())


@pytest.fixture
def audience(hub: Hub) -> Audience:
    return Audience(hub)


@pytest.fixture
def room(hub: Hub) -> Room:
    return Room("c", hub, Turns())


def spoken(text: str, revision: int, message_id: str = "m") -> NewMessage:
    return NewMessage(
        message_id=message_id,
        seq=None,
        speaker="alice",
        kind=MessageKind.SPEECH,
        content=text,
        is_partial=True,
        revision=revision,
        timestamp=at(0),
    )


def stored(text: str, kind: MessageKind, message_id: str = "m", seq: int = 1) -> StoredMessage:
    return StoredMessage(message_id, "c", seq, "alice", kind, text, at(1))


def test_everybody_in_a_chat_hears_everything_in_order_and_nobody_else(hub: Hub) -> None:
    first, second, other = list[Broadcast](), list[Broadcast](), list[Broadcast]()
    hub.subscribe("c", first.append)
    hub.publish("c", A)
    hub.subscribe("c", second.append)
    hub.subscribe("d", other.append)
    hub.publish("c", B)
    assert (first, second, other) == ([A, B], [B], [])


def test_who_has_left_hears_nothing(hub: Hub) -> None:
    heard: list[Broadcast] = []
    hear = heard.append
    hub.subscribe("c", hear)
    hub.unsubscribe("c", hear)
    hub.unsubscribe("c", hear)
    hub.unsubscribe("d", hear)
    hub.publish("c", A)
    assert heard == []


def test_a_fault_of_one_receiver_keeps_nothing_from_the_others(hub: Hub) -> None:
    def fail(_: Broadcast) -> None:
        raise RuntimeError("nobody expected this")

    heard: list[Broadcast] = []
    hub.subscribe("c", fail)
    hub.subscribe("c", heard.append)
    hub.publish("c", A)
    assert heard == [A]


def test_somebody_may_leave_while_a_broadcast_is_given_out(hub: Hub) -> None:
    heard: list[Broadcast] = []

    def leave(broadcast: Broadcast) -> None:
        hub.unsubscribe("c", leave)

    hub.subscribe("c", leave)
    hub.subscribe("c", heard.append)
    hub.publish("c", A)
    hub.publish("c", B)
    assert heard == [A, B]


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> LoopClock:
    return LoopClock(monkeypatch)


def ignore(_: Broadcast) -> None:
    """Hear nothing."""


async def test_several_connections_of_a_person_count_once(
    room: Room, audience: Audience, clock: LoopClock
) -> None:
    room.enter("zoe", audience.hear)
    room.enter("alice", ignore)
    assert audience.take() == [("presence", "alice", True, 2)]
    second = Audience(Hub(ChatObserver()))
    room.enter("alice", second.hear)
    await clock.move(PRESENCE_S)
    room.leave("alice", ignore)
    await clock.move(PRESENCE_S)
    assert audience.take() == []
    assert room.present == ["zoe", "alice"]
    room.leave("alice", second.hear)
    assert audience.take() == [("presence", "alice", False, 1)]
    room.leave("zoe", audience.hear)
    assert room.is_empty


async def test_who_comes_and_goes_is_told_at_once_and_then_once_a_second(
    room: Room, audience: Audience, clock: LoopClock
) -> None:
    room.enter("zoe", audience.hear)
    for name in ("alice", "bob", "carol"):
        room.enter(name, ignore)
    assert audience.take() == [("presence", "alice", True, 2)]
    room.leave("alice", ignore)
    await clock.move(0.9 * PRESENCE_S)
    assert audience.take() == []
    await clock.move(0.1 * PRESENCE_S)
    assert audience.take() == [
        ("presence", "alice", False, 1),
        ("presence", "bob", True, 2),
        ("presence", "carol", True, 3),
    ]


async def test_one_who_comes_back_a_thousand_times_is_no_flood(
    room: Room, audience: Audience, clock: LoopClock
) -> None:
    room.enter("zoe", audience.hear)
    for number in range(1000):
        room.enter("alice", ignore)
        room.leave("alice", ignore)
        room.enter(f"guest-{number}", ignore)
        room.leave(f"guest-{number}", ignore)
        await clock.move(0.001)
    await clock.move(PRESENCE_S)
    told = audience.take()
    assert told[:2] == [("presence", "alice", True, 2), ("presence", "alice", False, 1)]
    assert len(told) <= 6
    await clock.move(PRESENCE_S)
    room.enter("alice", ignore)
    assert audience.take() == [("presence", "alice", True, 2)]


async def test_who_came_in_between_is_told_what_has_changed_since(room: Room, clock: LoopClock) -> None:
    """Their lists have people of whom the others are told never, or not yet."""
    early, late = Audience(Hub(ChatObserver())), Audience(Hub(ChatObserver()))
    room.enter("early", early.hear)
    room.enter("alice", ignore)
    room.enter("bob", ignore)
    room.enter("late", late.hear)
    assert room.present == ["early", "alice", "bob", "late"]
    room.leave("bob", ignore)
    room.enter("carol", ignore)
    await clock.move(PRESENCE_S)
    assert early.take() == [
        ("presence", "alice", True, 2),
        ("presence", "late", True, 3),
        ("presence", "carol", True, 4),
    ]
    assert late.take() == [("presence", "bob", False, 3), ("presence", "carol", True, 4)]


async def test_many_who_come_together_are_told_of_in_turns(
    room: Room, audience: Audience, clock: LoopClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "TURN_S", 0)
    room.enter("zoe", audience.hear)
    names = [f"guest-{number}" for number in range(100)]
    for name in names:
        room.enter(name, ignore)
    await clock.move(PRESENCE_S)
    assert len(audience.heard) < len(names) / 2
    for _ in names:
        await asyncio.sleep(0)
    assert audience.take() == [("presence", name, True, count) for count, name in enumerate(names, 2)]


async def test_an_empty_room_tells_nothing_more(room: Room, audience: Audience, clock: LoopClock) -> None:
    room.enter("zoe", audience.hear)
    room.enter("alice", ignore)
    room.start_typing("alice")
    audience.take()
    room.leave("alice", ignore)
    room.stop_typing("alice")
    room.close()
    await clock.move(10 * TYPING_S)
    assert audience.take() == []


async def test_typing_ends_by_a_word_by_leaving_and_by_a_message(
    room: Room, audience: Audience, clock: LoopClock
) -> None:
    room.enter("alice", ignore)
    room.start_typing("alice")
    room.start_typing("alice")
    assert audience.take() == [("typing", "alice", True)]
    await clock.move(NOTICE_S)
    room.stop_typing("alice")
    room.stop_typing("alice")
    assert audience.take() == [("typing", "alice", False)]
    await clock.move(NOTICE_S)
    room.start_typing("alice")
    await clock.move(NOTICE_S)
    room.add(stored("hello", MessageKind.TEXT))
    assert audience.take()[1:] == [("typing", "alice", False), ("message", "m", "hello", 0, 1)]
    await clock.move(NOTICE_S)
    room.start_typing("alice")
    await clock.move(NOTICE_S)
    room.leave("alice", ignore)
    assert audience.take()[1:] == [("typing", "alice", False)]
    await clock.move(2 * TYPING_S)
    assert audience.take() == []


async def test_typing_is_told_at_once_and_then_once_a_second(
    room: Room, audience: Audience, clock: LoopClock
) -> None:
    for _ in range(1000):
        room.start_typing("alice")
        room.stop_typing("alice")
        room.start_typing("bob")
    assert audience.take() == [("typing", "alice", True), ("typing", "bob", True)]
    await clock.move(0.9 * NOTICE_S)
    assert audience.take() == []
    await clock.move(0.1 * NOTICE_S)
    assert audience.take() == [("typing", "alice", False)], "the last word is told"
    room.start_typing("alice")
    room.stop_typing("alice")
    room.start_typing("alice")
    await clock.move(NOTICE_S)
    assert audience.take() == [("typing", "alice", True)]


async def test_whoever_comes_is_told_who_types_now(room: Room, audience: Audience, clock: LoopClock) -> None:
    room.start_typing("alice")
    room.stop_typing("alice")
    room.start_typing("bob")
    assert [_short(json.loads(each.frame.text)) for each in room.passing_state()] == [("typing", "bob", True)]


async def test_typing_expires(room: Room, audience: Audience, clock: LoopClock) -> None:
    room.start_typing("alice")
    await clock.move(0.6 * TYPING_S)
    room.start_typing("alice")
    await clock.move(0.6 * TYPING_S)
    assert audience.take() == [("typing", "alice", True)], "the second word holds from when it came"
    await clock.move(0.4 * TYPING_S)
    assert audience.take() == [("typing", "alice", False)]


async def test_speech_is_shown_at_once_and_then_as_often_as_it_can_be_read(
    room: Room, audience: Audience, clock: LoopClock
) -> None:
    for revision in range(1000):
        room.show(spoken(f"word {revision}", revision))
    assert audience.take() == [("message", "m", "word 0", 0, None)]
    await clock.move(PARTIALS_S)
    assert audience.take() == [("message", "m", "word 999", 999, None)]
    room.show(spoken("more", 1000))
    room.add(stored("more!", MessageKind.SPEECH))
    await clock.move(PARTIALS_S)
    assert audience.take() == [("message", "m", "more!", 1001, 1)]


async def test_speech_is_shown_until_it_is_stored_or_withdrawn(room: Room, audience: Audience) -> None:
    room.show(spoken("he", 0))
    room.show(spoken("hello", 1))
    room.show(spoken("noise", 0, "n"))
    assert [json.loads(each.frame.text)["content"] for each in room.passing_state()] == ["hello", "noise"]
    audience.take()
    room.add(stored("hello!", MessageKind.SPEECH))
    room.withdraw("n")
    room.withdraw("n")
    assert audience.take() == [("message", "m", "hello!", 2, 1), ("message", "n", "", 1, None)]
    assert room.passing_state() == []


async def test_the_end_of_a_chat_ends_typing_and_speech(
    room: Room, audience: Audience, clock: LoopClock
) -> None:
    room.start_typing("bob")
    await clock.move(NOTICE_S)
    room.show(spoken("he", 0))
    audience.take()
    room.end(Chat("c", "t", "alice", at(0), ended_at=at(1), ended_by="alice"))
    assert audience.take() == [("typing", "bob", False), ("chat_ended",)]
    room.show(spoken("hello", 1))
    assert audience.take() == []
    assert room.passing_state() == []


def test_a_room_with_only_a_stream_is_not_empty(room: Room) -> None:
    room.open_stream()
    assert not room.is_empty
    room.close_stream()
    assert room.is_empty


def test_the_end_of_a_chat_that_goes_on_is_not_told(room: Room) -> None:
    with pytest.raises(ValueError, match="has not ended"):
        room.end(Chat("c", "t", "alice", at(0)))
