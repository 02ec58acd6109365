"""Partials and finals to segments, whatever order and repetition they come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicechat_common.protocol.speech import Final, Partial, SegmentEvent, Word
from voicechat_common.transcript import Transcript, join_texts


def partial(segment: int, revision: int, text: str) -> Partial:
    return Partial(segment=segment, revision=revision, text=text, start_ms=0, end_ms=100)


def final(segment: int, revision: int, text: str) -> Final:
    return Final(
        segment=segment, revision=revision, text=text, start_ms=0, end_ms=200, words=[Word(text, 0, 200)]
    )


def test_a_partial_replaces_the_one_before() -> None:
    transcript = Transcript()
    transcript.apply(partial(0, 1, "你"))
    segment = transcript.apply(partial(0, 2, "你好"))
    assert segment is not None
    assert (segment.text, segment.settled, segment.is_final) == ("你好", 1, False)
    assert [segment.text for segment in transcript.segments] == ["你好"]


def test_a_text_that_changed_at_its_begin_is_not_settled() -> None:
    transcript = Transcript()
    transcript.apply(partial(0, 1, "泥好"))
    segment = transcript.apply(partial(0, 2, "你好"))
    assert segment is not None
    assert segment.settled == 0


def test_a_final_is_settled_and_has_words() -> None:
    segment = Transcript().apply(final(0, 3, "你好"))
    assert segment is not None
    assert (segment.settled, segment.is_final, segment.words) == (2, True, (Word("你好", 0, 200),))


@pytest.mark.parametrize("stale", [partial(0, 2, "旧"), partial(0, 3, "旧")])
def test_an_older_or_repeated_revision_tells_nothing(stale: Partial) -> None:
    transcript = Transcript()
    transcript.apply(partial(0, 3, "新"))
    assert transcript.apply(stale) is None
    assert [segment.text for segment in transcript.segments] == ["新"]


def test_a_final_wins_over_a_partial_of_a_later_revision() -> None:
    transcript = Transcript()
    transcript.apply(partial(0, 9, "快"))
    assert transcript.apply(final(0, 3, "好")) is not None
    assert [segment.text for segment in transcript.segments] == ["好"]


@pytest.mark.parametrize("late", [partial(0, 9, "晚"), final(0, 9, "晚")])
def test_after_its_final_a_segment_never_changes(late: SegmentEvent) -> None:
    transcript = Transcript()
    transcript.apply(final(0, 3, "好"))
    assert transcript.apply(late) is None
    assert [segment.text for segment in transcript.segments] == ["好"]


def test_a_resume_continues_behind_the_last_final_without_a_gap_before_it() -> None:
    transcript = Transcript()
    assert transcript.finals_in_order == 0
    for event in (final(0, 1, "一"), final(2, 1, "三"), partial(1, 1, "二")):
        transcript.apply(event)
    assert transcript.finals_in_order == 1
    transcript.apply(final(1, 2, "二"))
    assert transcript.finals_in_order == 3


EVENTS = st.lists(
    st.builds(partial, st.integers(0, 3), st.integers(1, 5), st.text("你好ab", max_size=3))
    | st.builds(final, st.integers(0, 3), st.just(6), st.sampled_from(["好", "ab", ""])),
    max_size=20,
)


@given(EVENTS)
def test_events_told_twice_change_nothing(events: list[SegmentEvent]) -> None:
    once, twice = Transcript(), Transcript()
    for event in events:
        once.apply(event)
    for event in [*events, *events]:
        twice.apply(event)
    assert [(segment.index, segment.text) for segment in twice.segments] == [
        (segment.index, segment.text) for segment in once.segments
    ]
    assert [segment.index for segment in once.segments] == sorted({event.segment for event in events})


@pytest.mark.parametrize(
    ("texts", "joined"),
    [
        (["你好", "再见"], "你好再见"),
        (["hello", "world"], "hello world"),
        (["hello", "你好", "API"], "hello你好API"),
        (["", "hello", "", "world", ""], "hello world"),
        ([], ""),
    ],
)
def test_texts_are_joined_as_they_were_spoken(texts: list[str], joined: str) -> None:
    assert join_texts(texts) == joined
