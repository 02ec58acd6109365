"""The timeline: what an application shows of a chat, in which order, and what changes."""

from itertools import count

from tests.support.chat_double import T0, message
from voicechat_common.protocol.chat import ChatStatus, ConnectionEstablished, MessageKind, NewMessage
from voicechat_common.protocol.chat_http import HistoryMessage
from voicechat_tui.client.chat.events import (
    Acked,
    CaughtUp,
    ChatEvent,
    Connected,
    HistoryRestarted,
    MessagePartial,
    MessageStored,
    MessageWithdrawn,
    Postponed,
    Refused,
    Resumed,
    TextQueued,
)
from voicechat_tui.client.chat.timeline import ChatTimeline, EntryState

ESTABLISHED = ConnectionEstablished(
    chat_id="c",
    user="alice",
    title="t",
    owner="alice",
    status=ChatStatus.ACTIVE,
    seq=0,
    participants=["alice"],
)
STORED, SPOKEN, WAITING, REFUSED = (
    EntryState.STORED,
    EntryState.SPOKEN,
    EntryState.WAITING,
    EntryState.REFUSED,
)


def stored(new: NewMessage) -> MessageStored:
    assert new.seq is not None
    return MessageStored(message=new, seq=new.seq)


def queued(name: str, content: str = "mine") -> TextQueued:
    return TextQueued(client_message_id=name, content=content)


def partial(content: str, message_id: str = "s") -> MessagePartial:
    return MessagePartial(message=message(None, content, message_id=message_id))


def page(*seqs: int) -> list[HistoryMessage]:
    return [
        HistoryMessage(
            id=f"m{seq}", seq=seq, speaker="bob", kind=MessageKind.TEXT, content=f"old {seq}", timestamp=T0
        )
        for seq in seqs
    ]


def after(*events: ChatEvent, limit: int = 100) -> ChatTimeline:
    timeline = ChatTimeline(limit=limit)
    for event in (Connected(established=ESTABLISHED), *events):
        timeline.apply(event)
    return timeline


def shown(timeline: ChatTimeline) -> list[tuple[EntryState, str]]:
    return [(entry.state, entry.content) for entry in timeline.entries]


def test_stored_messages_come_first_then_speech_then_what_waits() -> None:
    timeline = after(queued("a"), partial("你"), stored(message(1, "one")), stored(message(2, "two")))
    assert shown(timeline) == [(STORED, "one"), (STORED, "two"), (SPOKEN, "你"), (WAITING, "mine")]
    assert (timeline.first_seq, timeline.last_seq) == (1, 2)


def test_an_own_text_keeps_its_key_when_it_is_stored() -> None:
    timeline = after(queued("a"))
    assert timeline.apply(stored(message(1, "mine", "alice", client_message_id="a"))) == 0
    (entry,) = timeline.entries
    assert (entry.key, entry.state, entry.seq, entry.message_id) == ("a", STORED, 1, "m1")
    assert entry.is_own


def test_the_same_client_message_id_of_another_person_is_another_text() -> None:
    timeline = after(queued("a"), stored(message(1, "theirs", "bob", client_message_id="a")))
    assert shown(timeline) == [(STORED, "theirs"), (WAITING, "mine")]
    assert [entry.is_own for entry in timeline.entries] == [False, True]


def test_speech_grows_in_one_entry_and_becomes_the_stored_message() -> None:
    timeline = after(partial("你"), partial("你好"), partial("hello", "other"))
    assert shown(timeline) == [(SPOKEN, "你好"), (SPOKEN, "hello")]
    final = stored(message(1, "你好吗", message_id="s", kind=MessageKind.SPEECH, start_ms=5))
    assert timeline.apply(final) == 0
    assert (timeline.entries[0].key, timeline.entries[0].start_ms) == ("s", 5)
    assert shown(timeline) == [(STORED, "你好吗"), (SPOKEN, "hello")]


def test_speech_that_is_withdrawn_is_gone() -> None:
    timeline = after(partial("你"))
    assert timeline.apply(MessageWithdrawn(message_id="s")) == 0
    assert timeline.apply(MessageWithdrawn(message_id="s")) is None
    assert timeline.entries == []


def test_a_text_that_is_postponed_or_refused_says_why() -> None:
    timeline = after(queued("a"), queued("b", "other"))
    timeline.apply(Postponed(client_message_id="a", in_s=2.0, reason="Busy."))
    timeline.apply(
        Refused(client_message_id="b", content="other", code="chat_ended", message="Over.", advice="")
    )
    assert [(entry.state, entry.note) for entry in timeline.entries] == [
        (WAITING, "Busy."),
        (REFUSED, "Over."),
    ]


def test_a_text_written_before_the_first_connection_gets_its_speaker() -> None:
    timeline = ChatTimeline()
    timeline.apply(queued("a"))
    assert timeline.entries[0].speaker == ""
    assert timeline.apply(Connected(established=ESTABLISHED)) == 0
    assert timeline.entries[0].speaker == "alice"
    assert timeline.apply(Resumed(established=ESTABLISHED, missed=0)) is None


def test_older_pages_go_to_their_places_and_nothing_is_there_twice() -> None:
    timeline = after(stored(message(5, "five")), stored(message(6, "six")))
    assert timeline.add_older(page(3, 4, 5)) == 2
    assert [entry.seq for entry in timeline.entries] == [3, 4, 5, 6]
    timeline.add_older(page(1, 2))
    assert [entry.seq for entry in timeline.entries] == [1, 2, 3, 4, 5, 6]
    assert [entry.content for entry in timeline.entries][4:] == ["five", "six"]


def test_the_oldest_give_way_beyond_the_limit() -> None:
    timeline = after(limit=3)
    changed = [timeline.apply(stored(message(seq, str(seq)))) for seq in range(1, 6)]
    assert changed == [0, 1, 2, 0, 0]
    assert [entry.content for entry in timeline.entries] == ["3", "4", "5"]


def test_the_oldest_give_way_together_when_a_tenth_more_is_there() -> None:
    timeline = after(limit=20)
    changed = [timeline.apply(stored(message(seq, str(seq)))) for seq in range(1, 24)]
    assert changed == [*range(22), 0]
    assert [entry.seq for entry in timeline.entries] == list(range(4, 24))


def test_another_history_clears_all_but_what_waits() -> None:
    timeline = after(stored(message(1, "old")), partial("你"), queued("a"))
    assert timeline.apply(HistoryRestarted()) == 0
    assert shown(timeline) == [(WAITING, "mine")]


def test_an_ack_of_a_message_that_is_still_to_come_changes_nothing() -> None:
    timeline = after(queued("a"))
    assert timeline.apply(Acked(client_message_id="a", message_id="m1", seq=1)) is None
    timeline.apply(stored(message(1, "mine", "alice", client_message_id="a")))
    assert [(entry.key, entry.state) for entry in timeline.entries] == [("a", STORED)]


def test_a_text_that_was_stored_before_what_is_told_does_not_wait_for_ever() -> None:
    timeline = after(queued("a"), CaughtUp(seq=40))
    assert timeline.apply(Acked(client_message_id="a", message_id="m7", seq=7)) == 0
    assert timeline.entries == []
    timeline.add_older(page(7))
    assert [entry.seq for entry in timeline.entries] == [7]


def test_keys_are_never_shared() -> None:
    seqs = count(1)
    timeline = after(
        queued("a"),
        *(stored(message(next(seqs), "x", "alice", client_message_id=name)) for name in ("a", "b")),
        queued("c"),
        partial("y"),
    )
    keys = [entry.key for entry in timeline.entries]
    assert sorted(set(keys)) == sorted(keys)


def test_an_event_tells_from_which_place_on_entries_are_others() -> None:
    timeline = after(
        stored(message(1, "one")), partial("你", "s"), partial("我", "t"), queued("a"), queued("b")
    )
    assert timeline.apply(partial("我们", "t")) == 2
    assert timeline.apply(Postponed(client_message_id="b", in_s=1.0, reason="Busy.")) == 4
    assert timeline.apply(MessageWithdrawn(message_id="s")) == 1
    assert timeline.apply(stored(message(3, "three"))) == 1
    assert timeline.apply(stored(message(2, "mine", "alice", client_message_id="a"))) == 1
    entries = timeline.entries
    assert [entry.content for entry in entries] == ["one", "mine", "three", "我们", "mine"]
    assert [timeline.entries_from(start) for start in range(6)] == [entries[start:] for start in range(6)]
    assert len(timeline) == 5
