"""A chat as rows: what comes where, and from which row on a screen has to be drawn anew."""

from tests.support.staged import NOW, USER, connected, history, spoken, stored
from voicechat_common.protocol.chat import MessageKind
from voicechat_tui.client.chat.events import MessageWithdrawn, Refused, TextQueued
from voicechat_tui.client.chat.timeline import LIMIT, EntryState
from voicechat_tui.ui.model.conversation import Conversation


def conversation() -> Conversation:
    made = Conversation(USER, lambda: NOW)
    made.apply(connected())
    made.apply(stored(1, "bob", "one"))
    made.apply(stored(2, "alice", "two"))
    return made


def shown(made: Conversation) -> list[tuple[str, EntryState]]:
    return [(row.text, row.state) for row in made.rows()]


def test_speech_grows_in_one_row_with_what_is_settled() -> None:
    made = conversation()
    assert made.apply(spoken("bob", "so the fist", 1)) == 2
    assert made.apply(spoken("bob", "so the first thing", 2)) == 2
    row = made.rows()[2]
    assert (row.text, row.state, row.settled) == ("so the first thing", EntryState.SPOKEN, len("so the fi"))


def test_the_final_takes_the_place_of_its_partials() -> None:
    made = conversation()
    made.apply(spoken("bob", "so", 1))
    changed = made.apply(stored(3, "bob", "so what", kind=MessageKind.SPEECH, message_id="speech-bob"))
    assert changed == 2
    assert shown(made)[2:] == [("so what", EntryState.STORED)]
    assert made.rows()[2].spoken


def test_what_two_people_say_stays_in_the_order_in_which_they_began() -> None:
    made = conversation()
    made.apply(spoken("bob", "one", 1))
    assert made.apply(spoken("carol", "two", 1)) == 3
    assert made.apply(spoken("bob", "one more", 2)) == 2
    assert [row.speaker for row in made.rows(2)] == ["bob", "carol"]


def test_an_own_text_is_there_at_once_and_marked_until_it_is_stored() -> None:
    made = conversation()
    assert made.apply(TextQueued(client_message_id="own-1", content="hello")) == 2
    assert shown(made)[2:] == [("hello", EntryState.WAITING)]
    assert made.apply(stored(3, USER, "hello", client_message_id="own-1")) == 2
    assert shown(made)[2:] == [("hello", EntryState.STORED)]
    assert made.rows()[2].own


def test_a_refused_text_says_why() -> None:
    made = conversation()
    made.apply(TextQueued(client_message_id="own-1", content="hello"))
    made.apply(
        Refused(client_message_id="own-1", content="hello", code="chat_ended", message="It ended.", advice="")
    )
    assert shown(made)[2:] == [("hello  (It ended.)", EntryState.REFUSED)]


def test_withdrawn_speech_is_gone() -> None:
    made = conversation()
    made.apply(spoken("bob", "so", 1))
    assert made.apply(MessageWithdrawn(message_id="speech-bob")) == 2
    assert len(made) == 2


def test_older_messages_come_before_the_first() -> None:
    made = Conversation(USER, lambda: NOW)
    made.apply(stored(6, "bob", "six"))
    assert made.first_seq == 6
    assert (
        made.add_older([history(4, "bob", "four"), history(5, "bob", "five"), history(6, "bob", "six")]) == 2
    )
    assert [row.text for row in made.rows()] == ["four", "five", "six"]
    assert (made.first_seq, made.last_seq) == (4, 6)


def test_rows_that_stay_are_the_same_where_the_oldest_give_way() -> None:
    made = Conversation(USER, lambda: NOW)
    most = LIMIT + LIMIT // 10
    for seq in range(1, most + 1):
        made.apply(stored(seq, "bob", "word"))
    before = made.rows()
    assert made.apply(stored(most + 1, "bob", "word")) == 0
    kept = made.rows()[:-1]
    assert len(kept) == LIMIT - 1
    assert all(row is old for row, old in zip(kept, before[-len(kept) :], strict=True))


def test_rows_from_a_place_on_are_the_rest_of_all_rows() -> None:
    made = conversation()
    made.apply(spoken("bob", "so", 1))
    made.apply(TextQueued(client_message_id="own-1", content="hello"))
    assert [made.rows(start) for start in range(5)] == [made.rows()[start:] for start in range(5)]


def test_a_message_that_comes_again_is_there_once() -> None:
    made = conversation()
    before = made.rows()
    assert made.apply(stored(1, "bob", "one")) == 0
    assert shown(made) == [("one", EntryState.STORED), ("two", EntryState.STORED)]
    assert made.rows()[1] is before[1]
