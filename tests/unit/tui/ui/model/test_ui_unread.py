"""Which messages of a chat are unread: other people's, after the last one that was shown."""

from datetime import UTC

import pytest

from tests.support.staged import history, summary
from voicechat_tui.ui.model.chats import items
from voicechat_tui.ui.model.unread import LOOKED_AT, Spoken, gap, learned, unread

CHAT = "monday"


@pytest.mark.parametrize(
    ("speakers", "seen", "count"),
    [
        (("alice", "alice"), 0, 0),
        (("bob", "bob", "alice"), 0, 2),
        (("alice", "bob", "alice", "bob"), 1, 2),
        (("bob", "alice", "bob"), 3, 0),
        (("bob", "bob"), 0, 2),
    ],
)
def test_what_one_has_said_oneself_is_not_unread(speakers: tuple[str, ...], seen: int, count: int) -> None:
    chat = summary(CHAT, "Monday", "bob: hi", count=len(speakers))
    messages = [history(seq, speaker, "hi") for seq, speaker in enumerate(speakers, 1)][seen:]
    known = learned(chat, seen, Spoken(), messages, "alice")
    assert unread(chat, seen, known) == count
    (item,) = items([chat], {CHAT: seen}, {}, UTC, spoken={CHAT: known})
    assert item.unread == count


def test_only_what_is_new_is_looked_at() -> None:
    known = Spoken(upto=5, own=[4])
    assert gap(summary(CHAT, "Monday", count=5), 3, known) is None
    assert gap(summary(CHAT, "Monday", count=7), 3, known) == (5, 2)
    assert gap(summary(CHAT, "Monday", count=7), 6, known) == (6, 1)
    assert gap(summary(CHAT, "Monday", count=1000), 3, known) == (1000 - LOOKED_AT, LOOKED_AT)
    assert gap(summary(CHAT, "Monday"), 0, Spoken()) is None


def test_what_was_known_stays_until_it_was_shown() -> None:
    chat = summary(CHAT, "Monday", count=6)
    known = learned(chat, 2, Spoken(upto=4, own=[2, 4]), [history(6, "alice", "hi")], "alice")
    assert known == Spoken(upto=6, own=[4, 6])
    assert unread(chat, 2, known) == 2


def test_a_server_with_another_history_is_asked_anew() -> None:
    chat = summary(CHAT, "Monday", count=3)
    assert gap(chat, 0, Spoken(upto=9, own=[1, 9])) == (0, 3)
    assert learned(chat, 0, Spoken(upto=9, own=[1, 9]), [history(2, "alice", "hi")], "alice").own == [2]
