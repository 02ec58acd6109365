"""The chat client's core: everything once and in order, whatever the connection goes through."""

import pytest

from tests.support.chat_double import message
from tests.support.chat_wire import ChatWire, in_chat_wire
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.chat import ChatEnded, ChatError, MessageAck, Presence, TypingNotice
from voicechat_common.protocol.codec import encode
from voicechat_tui.client.chat.events import (
    Acked,
    CaughtUp,
    Connected,
    HistoryRestarted,
    MessagePartial,
    MessageWithdrawn,
    NetworkDelay,
    Postponed,
    PresenceChanged,
    Refused,
    Resumed,
    TextQueued,
    TypingChanged,
)
from voicechat_tui.client.chat.policy import ChatPolicy
from voicechat_tui.client.chat.timeline import EntryState
from voicechat_tui.client.connection import failures
from voicechat_tui.client.connection.core import Retrying
from voicechat_tui.client.connection.state import LinkState


def test_the_history_comes_before_what_happens_live() -> None:
    wire = ChatWire()
    wire.server.say("one")
    wire.server.say("two")
    wire.settle()
    wire.tell(wire.server.say("three"))
    wire.receive()
    assert wire.told == [(1, "one"), (2, "two"), (3, "three")]
    (connected,) = wire.of(Connected)
    assert (connected.established.seq, connected.established.user) == (2, "alice")
    assert wire.of(CaughtUp) == [CaughtUp(seq=2)]


def test_an_application_that_has_a_part_is_told_the_rest() -> None:
    wire = ChatWire(since=1)
    wire.server.say("one")
    wire.server.say("two")
    wire.settle()
    assert wire.told == [(2, "two")]


def test_a_text_is_named_sent_and_acknowledged() -> None:
    wire = in_chat_wire()
    name = wire.core.send("hello")
    wire.settle()
    assert wire.of(TextQueued) == [TextQueued(client_message_id=name, content="hello")]
    assert wire.of(Acked) == [Acked(client_message_id=name, message_id="m1", seq=1)]
    assert wire.told == [(1, "hello")]
    assert wire.core.unsent == {}


def test_texts_written_without_a_connection_wait_for_it() -> None:
    wire = ChatWire()
    names = [wire.core.send("one"), wire.core.send("two")]
    assert wire.core.unsent == dict(zip(names, ["one", "two"], strict=True))
    assert wire.core.next_message() is None
    wire.settle()
    assert wire.told == [(1, "one"), (2, "two")]


@pytest.mark.parametrize("lost", ["text", "answer"])
def test_a_text_is_sent_again_after_an_outage_and_stored_once(lost: str) -> None:
    wire = in_chat_wire()
    name = wire.core.send("hello")
    wire.send()
    if lost == "answer":
        wire.answer()
    wire.cut()
    wire.settle()
    assert [each.content for each in wire.server.stored] == ["hello"]
    assert wire.told == [(1, "hello")]
    assert [event.client_message_id for event in wire.of(Acked)] == [name]


def test_an_ack_that_was_lost_alone_comes_again() -> None:
    wire = in_chat_wire()
    wire.core.send("hello")
    wire.send()
    wire.answer()
    wire.receive(1)
    wire.cut()
    wire.settle()
    assert len(wire.of(Acked)) == 1
    assert wire.told == [(1, "hello")]


def test_what_was_missed_comes_once_after_an_outage() -> None:
    wire = in_chat_wire()
    wire.server.say("one")
    wire.cut()
    wire.server.say("two")
    wire.settle()
    assert wire.told == [(1, "one"), (2, "two")]
    (resumed,) = wire.of(Resumed)
    assert resumed.missed == 2
    assert wire.of(CaughtUp)[-1] == CaughtUp(seq=2)
    (retrying,) = wire.of(Retrying)
    assert retrying.reason == "The connection was lost: it was cut."


@pytest.mark.parametrize("hint", ["message", "ack"])
def test_a_gap_is_noticed_and_healed(hint: str) -> None:
    wire = in_chat_wire()
    wire.server.say("never told")
    if hint == "message":
        wire.tell(wire.server.say("second"))
    else:
        wire.tell(MessageAck(client_message_id="another", message_id="m1", seq=1))
    wire.receive()
    assert not wire.connected
    assert wire.told == []
    wire.settle()
    assert [seq for seq, _ in wire.told] == list(range(1, len(wire.server.stored) + 1))


def test_what_comes_twice_is_told_once() -> None:
    wire = in_chat_wire()
    first = wire.server.say("one")
    wire.tell(first, first, wire.server.say("two"), first)
    wire.receive()
    assert wire.told == [(1, "one"), (2, "two")]


def test_speech_grows_and_is_replaced_by_what_is_stored() -> None:
    wire = in_chat_wire()
    wire.tell(
        message(None, "你", message_id="s", revision=1),
        message(None, "你好", message_id="s", revision=3),
        message(None, "你", message_id="s", revision=2),
        message(1, "你好吗", message_id="s", revision=4),
    )
    wire.receive()
    assert [event.message.content for event in wire.of(MessagePartial)] == ["你", "你好"]
    assert wire.told == [(1, "你好吗")]
    assert wire.of(MessageWithdrawn) == []


def test_speech_that_came_to_nothing_is_withdrawn() -> None:
    wire = in_chat_wire()
    wire.tell(
        message(None, "嗯", message_id="s", revision=1),
        message(None, "", message_id="s", revision=2),
        message(None, "", message_id="unheard of", revision=2),
    )
    wire.receive()
    assert wire.of(MessageWithdrawn) == [MessageWithdrawn(message_id="s")]


def test_an_outage_withdraws_what_was_being_spoken_until_it_is_told_anew() -> None:
    wire = in_chat_wire()
    wire.tell(message(None, "你", message_id="s", revision=5))
    wire.receive()
    wire.cut()
    wire.settle()
    assert wire.of(MessageWithdrawn) == [MessageWithdrawn(message_id="s")]
    wire.tell(message(None, "你好", message_id="s", revision=5))
    wire.receive()
    assert wire.of(MessagePartial)[-1].message.content == "你好"


def test_presence_is_told_with_everybody_who_is_there() -> None:
    wire = in_chat_wire()
    wire.tell(
        Presence(user="bob", is_present=True, count=2), Presence(user="alice", is_present=False, count=1)
    )
    wire.receive()
    assert [event.participants for event in wire.of(PresenceChanged)] == [("alice", "bob"), ("bob",)]


def test_typing_is_told_with_everybody_who_types_and_forgotten_by_an_outage() -> None:
    wire = in_chat_wire()
    wire.tell(
        TypingNotice(user="bob", is_typing=True),
        TypingNotice(user="carol", is_typing=True),
        TypingNotice(user="bob", is_typing=False),
    )
    wire.receive()
    assert [event.typing for event in wire.of(TypingChanged)] == [("bob",), ("bob", "carol"), ("carol",)]
    wire.cut()
    wire.settle()
    wire.tell(TypingNotice(user="dave", is_typing=True))
    wire.receive()
    assert wire.of(TypingChanged)[-1].typing == ("dave",)


def test_who_says_something_or_leaves_types_no_more_before_the_server_says_so() -> None:
    wire = in_chat_wire()
    wire.tell(
        Presence(user="bob", is_present=True, count=2),
        TypingNotice(user="bob", is_typing=True),
        TypingNotice(user="bob", is_typing=True),
        TypingNotice(user="carol", is_typing=True),
        Presence(user="bob", is_present=False, count=1),
        TypingNotice(user="bob", is_typing=False),
        wire.server.say("hello", speaker="carol"),
    )
    wire.receive()
    wire.tell(TypingNotice(user="carol", is_typing=False))
    wire.receive()
    assert [event.typing for event in wire.of(TypingChanged)] == [
        ("bob",),
        ("bob", "carol"),
        ("carol",),
        (),
    ]


def test_every_key_may_be_told_and_few_are_sent() -> None:
    wire = in_chat_wire()
    for now in (0.0, 0.1, 0.2, 2.9, 3.0, 3.1):
        wire.core.set_typing(now, is_typing=True)
        wire.send()
    wire.core.set_typing(3.2, is_typing=False)
    wire.core.set_typing(3.3, is_typing=False)
    wire.send()
    wire.answer()
    assert wire.server.typed == [True, True, False]


def test_a_text_that_was_sent_needs_no_word_that_typing_stopped() -> None:
    wire = in_chat_wire()
    wire.core.set_typing(0.0, is_typing=True)
    wire.send()
    wire.core.send("done")
    wire.core.set_typing(0.1, is_typing=False)
    wire.settle()
    assert wire.server.typed == [True]


def test_a_refusal_that_passes_is_waited_out_in_order() -> None:
    wire = in_chat_wire()
    wire.server.refusals = [ErrorCode.STORAGE]
    names = [wire.core.send("one"), wire.core.send("two")]
    wire.send(1)
    wire.answer()
    wire.receive()
    assert [(event.client_message_id, event.in_s) for event in wire.of(Postponed)] == [(names[0], 2.0)]
    assert wire.core.next_message() is None, "the second does not overtake the first"
    wire.settle()
    assert wire.told == [(1, "one"), (2, "two")]


def test_a_refusal_that_stands_is_told_with_the_text() -> None:
    wire = in_chat_wire()
    wire.server.refusals = [ErrorCode.CHAT_ENDED]
    name = wire.core.send("too late")
    wire.settle()
    (refused,) = wire.of(Refused)
    assert (refused.client_message_id, refused.content, refused.code) == (name, "too late", "chat_ended")
    assert wire.core.unsent == {}
    wire.cut()
    wire.settle()
    assert wire.server.stored == [], "it is not sent again"


def test_a_text_whose_name_is_in_use_comes_back_to_who_wrote_it() -> None:
    wire = ChatWire()
    wire.server.say("first run", "alice", "1")
    wire.core.send("second run", "1")
    wire.settle()
    (refused,) = wire.of(Refused)
    assert (refused.content, refused.code) == ("second run", "id_taken")
    assert wire.of(Acked) == [], "what was stored is another text"
    assert [(entry.state, entry.content) for entry in wire.timeline.entries] == [
        (EntryState.STORED, "first run"),
        (EntryState.REFUSED, "second run"),
    ]


def test_two_texts_of_one_name_are_refused_before_they_are_sent() -> None:
    wire = ChatWire()
    wire.core.send("one", "1")
    wire.core.send("one", "1")
    with pytest.raises(VoicechatError, match="'1'") as caught:
        wire.core.send("two", "1")
    assert caught.value.code is ErrorCode.ID_TAKEN
    wire.settle()
    assert wire.told == [(1, "one")]


@pytest.mark.parametrize("text", ["", "  ", "x" * 4001, "a\x00b", "left\u202etfel"])
def test_what_can_not_be_said_is_refused_at_once(text: str) -> None:
    with pytest.raises(VoicechatError) as caught:
        ChatWire().core.send(text)
    assert caught.value.code is ErrorCode.BAD_FIELD
    assert caught.value.message.startswith("The text can't be sent: ")


def test_more_than_is_kept_is_refused() -> None:
    wire = ChatWire(policy=ChatPolicy(unsent=2))
    wire.core.send("one")
    wire.core.send("two")
    with pytest.raises(VoicechatError, match="2 texts are waiting") as caught:
        wire.core.send("three")
    assert caught.value.code is ErrorCode.BUSY


def test_a_name_of_ones_own_is_sent_once() -> None:
    wire = in_chat_wire()
    assert wire.core.send("hello", "mine:1") == wire.core.send("hello", "mine:1") == "mine:1"
    wire.settle()
    assert wire.told == [(1, "hello")]


def test_a_guest_keeps_the_name_the_server_gave() -> None:
    wire = in_chat_wire(user=None)
    assert wire.core.user == "guest-1"
    wire.core.send("hello")
    wire.send()
    wire.answer()
    wire.cut()
    assert wire.core.query.user == "guest-1"
    wire.settle()
    assert wire.told == [(1, "hello")]


def test_the_end_comes_after_the_texts_before_it() -> None:
    wire = in_chat_wire()
    wire.core.send("last words")
    wire.core.end_chat()
    wire.settle()
    assert wire.server.has_ended
    assert wire.told == [(1, "last words")]
    assert [event.ended_by for event in wire.of(ChatEnded)] == ["alice"]
    assert wire.core.next_message() is None


def test_the_end_is_asked_for_again_after_an_outage() -> None:
    wire = in_chat_wire()
    wire.core.end_chat()
    wire.send()
    wire.cut()
    wire.settle()
    wire.send()
    wire.answer()
    assert wire.server.has_ended


def test_the_end_withdraws_what_was_being_spoken() -> None:
    wire = in_chat_wire()
    wire.tell(message(None, "你", message_id="s", revision=1))
    wire.core.end_chat()
    wire.settle()
    assert wire.of(MessageWithdrawn) == [MessageWithdrawn(message_id="s")]


def test_who_may_not_end_the_chat_is_told_so_once() -> None:
    wire = in_chat_wire()
    wire.core.end_chat()
    wire.send()
    error = ChatError(code="not_owner", message="Only bob may.", advice="Ask him.")
    wire.tell(error)
    wire.receive()
    assert wire.of(ChatError) == [error]
    wire.cut()
    wire.settle()
    assert not wire.server.has_ended


def test_a_server_with_another_history_is_read_from_the_start() -> None:
    wire = in_chat_wire()
    wire.tell(wire.server.say("old"), wire.server.say("older"))
    wire.receive()
    wire.cut()
    wire.server.stored.clear()
    wire.server.say("new")
    wire.settle()
    assert len(wire.of(HistoryRestarted)) == 1
    assert wire.told == [(1, "old"), (2, "older"), (1, "new")]
    assert [entry.content for entry in wire.timeline.entries] == ["new"]


def test_a_since_that_was_never_true_is_a_failure() -> None:
    wire = ChatWire(since=5)
    wire.connect()
    wire.core.receive(wire.down.popleft(), 0.0)
    with pytest.raises(VoicechatError) as caught:
        wire.core.interrupted(failures.closed("x"), 0.0)
    assert caught.value.code is ErrorCode.BAD_FIELD
    assert wire.core.state is LinkState.FAILED


def test_the_network_is_measured_once_all_is_told_and_then_again() -> None:
    wire = ChatWire()
    wire.connect()
    wire.receive()
    wire.send()
    wire.now += 0.025
    wire.answer()
    wire.receive()
    assert wire.of(NetworkDelay) == [NetworkDelay(ms=25.0)]
    for now, pings in ((4.0, 1), (5.0, 2), (6.0, 2)):
        wire.core.check_alive(now)
        wire.send()
        wire.answer()
        assert len(wire.server.pings) == pings


def test_a_server_that_falls_silent_is_given_up() -> None:
    wire = in_chat_wire()
    for now, given_up in ((16.9, False), (17.0, True)):
        wire.core.check_alive(now)
        assert wire.core.wants_close is given_up
    assert wire.core.interrupted(failures.closed("x"), 17.0) > 0
    wire.take_events()
    assert wire.of(Retrying)[-1].reason == "Nothing was heard from the server for 17 s."


def test_a_server_that_never_introduces_itself_is_given_up() -> None:
    wire = ChatWire()
    wire.core.connecting()
    wire.core.connected(0.0)
    for now, given_up in ((9.9, False), (10.0, True)):
        wire.core.check_alive(now)
        assert wire.core.wants_close is given_up


@pytest.mark.parametrize("code", [ErrorCode.SLOW_READER, ErrorCode.SHUTTING_DOWN, ErrorCode.STORAGE])
def test_a_server_that_cuts_off_for_now_is_come_back_to(code: ErrorCode) -> None:
    wire = in_chat_wire()
    wire.tell(ChatError(code=code, message="Not now.", advice="Later.", fatal=True))
    wire.receive()
    wire.settle()
    assert wire.of(Retrying)[-1].reason == "Not now."
    assert len(wire.of(Resumed)) == 1


@pytest.mark.parametrize("code", [ErrorCode.SERVER_UNREACHABLE, ErrorCode.BUSY])
def test_a_person_waits_for_the_network_as_long_as_it_takes(code: ErrorCode) -> None:
    wire = in_chat_wire()
    wire.cut()
    for _ in range(100):
        wire.core.connecting()
        delay = wire.core.interrupted(VoicechatError(code, "Not now.", "Wait."), wire.now)
        assert delay <= 8.0
        wire.now += 3600.0


@pytest.mark.parametrize("frame", ["<html>", b"\xff\xfe", "[]", '{"type":"welcome"}'])
def test_garbage_for_a_greeting_is_no_voicechat_server(frame: str | bytes) -> None:
    wire = ChatWire()
    wire.core.connecting()
    wire.core.connected(0.0)
    wire.core.receive(frame, 0.0)
    with pytest.raises(VoicechatError) as caught:
        wire.core.interrupted(failures.closed("x"), 0.0)
    assert caught.value.code is ErrorCode.PROTOCOL_MISMATCH


def test_another_version_of_the_protocol_is_named() -> None:
    wire = ChatWire()
    wire.connect()
    frame = wire.down.popleft().replace('"protocol":1', '"protocol":2')
    wire.core.receive(frame, 0.0)
    with pytest.raises(VoicechatError, match="version 2"):
        wire.core.interrupted(failures.closed("x"), 0.0)


def test_messages_of_a_newer_server_are_passed_over() -> None:
    wire = in_chat_wire()
    wire.core.receive('{"type":"applause","volume":11}', 0.0)
    assert not wire.core.wants_close


def test_a_second_greeting_is_not_our_protocol() -> None:
    wire = in_chat_wire()
    greeting = wire.server.greet(wire.core.query)[0]
    wire.core.receive(greeting, 0.0)
    assert wire.core.wants_close


def test_errors_about_nothing_in_particular_are_passed_on() -> None:
    wire = in_chat_wire()
    error = ChatError(code="bad_json", message="What?", advice="Say it in JSON.")
    wire.core.receive(encode(error), 0.0)
    wire.take_events()
    assert wire.of(ChatError) == [error]
