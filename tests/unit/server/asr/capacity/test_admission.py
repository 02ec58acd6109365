"""Who gives way when all places are taken, and who never does."""

import pytest

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import ChunkSize
from voicechat_server.asr.capacity.admission import GIVES_WAY_AFTER_S, Admission
from voicechat_server.asr.capacity.cost import StreamCost

OWN: ChunkSize = (0, 10, 5)
DEAR: ChunkSize = (30, 1, 30)
COST = StreamCost(OWN, batch_size=8, overhead=1.4)
IDLE = 2 * GIVES_WAY_AFTER_S


def taken(*holders: tuple[str, str], most: int | None = 4) -> Admission:
    """The admission of an engine with these streams: the name of each, and where it comes from."""
    admission = Admission(most, COST)
    for stream_id, source in holders:
        admission.admit(stream_id, OWN, source)
    return admission


def refused(admission: Admission, source: str, idle_s: dict[str, float], chunk_size: ChunkSize = OWN) -> str:
    with pytest.raises(VoicechatError) as caught:
        admission.displaced_by(chunk_size, source, idle_s)
    assert caught.value.code is ErrorCode.BUSY
    assert caught.value.retry_after_s
    return caught.value.message


def test_nobody_gives_way_while_there_is_room() -> None:
    admission = taken(("a", "x"), ("b", "x"), ("c", "x"))
    assert admission.displaced_by(OWN, "y", dict.fromkeys("abc", IDLE)) == []


def test_nobody_gives_way_without_a_limit() -> None:
    assert taken(("a", "x"), most=None).displaced_by(OWN, "y", {"a": IDLE}) == []


def test_whoever_is_idle_for_the_longest_gives_way() -> None:
    admission = taken(("a", "w"), ("b", "x"), ("c", "y"), ("d", "z"))
    assert admission.displaced_by(OWN, "new", {"a": 0, "b": IDLE, "c": IDLE + 1, "d": IDLE}) == ["c"]


def test_who_talks_or_was_just_opened_never_gives_way() -> None:
    admission = taken(*((name, "x") for name in "abcd"))
    message = refused(admission, "y", dict.fromkeys("abcd", 0.99 * GIVES_WAY_AFTER_S))
    assert "4 streams" in message


def test_a_place_that_was_left_is_free() -> None:
    admission = taken(*((name, "x") for name in "abcd"))
    admission.release("a")
    admission.release("a")
    assert admission.displaced_by(OWN, "y", {}) == []


def test_a_source_that_holds_most_places_gives_way_first() -> None:
    """However long somebody else has been quiet."""
    admission = taken(("a", "flood"), ("b", "flood"), ("c", "flood"), ("d", "quiet"))
    assert admission.displaced_by(OWN, "new", {"a": IDLE, "b": IDLE + 1, "c": 0, "d": 10 * IDLE}) == ["b"]


def test_a_source_that_holds_most_places_pushes_nobody_out() -> None:
    admission = taken(("a", "flood"), ("b", "flood"), ("c", "flood"), ("d", "quiet"))
    idle_s = {"a": 0.0, "b": 0.0, "c": 0.0, "d": IDLE}
    refused(admission, "flood", idle_s)
    assert admission.displaced_by(OWN, "flood", idle_s | {"a": IDLE}) == ["a"]


def test_a_team_behind_one_address_is_treated_as_anybody() -> None:
    admission = taken(("a", "team"), ("b", "team"), ("c", "x"), ("d", "y"))
    assert admission.displaced_by(OWN, "z", {"a": IDLE, "b": 0, "c": IDLE + 1, "d": 0}) == ["c"]
    assert admission.displaced_by(OWN, "team", {"a": 0, "b": 0, "c": IDLE, "d": 0}) == ["c"]


def test_a_dear_stream_takes_as_many_places_as_it_needs_or_none() -> None:
    admission = taken(*((name, name) for name in "abcd"), most=4)
    size: ChunkSize = (0, 5, 3)
    assert 3 < COST.of({size: 1}) < 4
    giving = admission.displaced_by(size, "new", {"a": IDLE + 3, "b": IDLE + 2, "c": IDLE + 1, "d": IDLE})
    assert giving == ["a", "b", "c", "d"]
    message = refused(admission, "new", {"a": IDLE, "b": IDLE, "c": 0, "d": 0}, size)
    assert f"no room for one of chunk size {list(size)}" in message


def test_one_that_is_alone_may_be_as_dear_as_it_likes() -> None:
    assert Admission(1, COST).displaced_by(DEAR, "x", {}) == []
    assert taken(("a", "x"), most=1).displaced_by(DEAR, "y", {"a": IDLE}) == ["a"]


@pytest.mark.parametrize(
    ("idle_s", "free"), [({}, 1), ({"a": IDLE}, 2), ({"a": IDLE, "b": IDLE, "c": 0.0}, 3)]
)
def test_idle_places_count_as_free(idle_s: dict[str, float], free: int) -> None:
    assert taken(*((name, "x") for name in "abc")).free(idle_s) == free


def test_what_is_free_is_known_only_with_a_limit_and_is_never_less_than_nothing() -> None:
    assert taken(("a", "x"), most=None).free({}) is None
    assert taken(*((name, "x") for name in "abcde")).free({}) == 0
    dear = Admission(4, COST)
    assert dear.free({}) == 4
    dear.admit("a", DEAR, "x")
    assert dear.free({}) == 0
