"""`?format=text`: bare deltas that put together are the final texts."""

import pytest

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import Ack, Final, Partial, SegmentEvent
from voicechat_common.transcript import join_texts
from voicechat_server.api.speech.formats import TextFormat, choose_format


def partial(segment: int, text: str) -> Partial:
    return Partial(segment=segment, revision=0, text=text, start_ms=0, end_ms=0)


def final(segment: int, text: str) -> Final:
    return Final(segment=segment, revision=0, text=text, start_ms=0, end_ms=0)


def frames(*events: SegmentEvent) -> list[str | None]:
    text = TextFormat()
    return [text.render(event) for event in events]


def test_each_frame_is_what_is_new() -> None:
    assert frames(partial(0, "你好"), partial(0, "你好欢迎"), final(0, "你好欢迎使用")) == [
        "你好",
        "欢迎",
        "使用",
    ]


def test_nothing_new_is_no_frame() -> None:
    assert frames(partial(0, ""), partial(0, "你"), partial(0, "你"), final(0, "你")) == [
        None,
        "你",
        None,
        None,
    ]


def test_frames_put_together_are_the_final_texts_joined() -> None:
    finals = ["你好", "hello", "world", "", "再见"]
    events: list[SegmentEvent] = []
    for index, text in enumerate(finals):
        events += [partial(index, text[: len(text) // 2]), final(index, text)]
    assert "".join(frame or "" for frame in frames(*events)) == join_texts(finals) == "你好hello world再见"


def test_a_word_that_grows_over_a_chunk_border_is_sent_whole_in_the_end() -> None:
    assert frames(partial(0, "hel"), final(0, "hello there")) == ["hel", "lo there"]


def test_a_partial_that_rewrites_waits_and_the_final_sends_what_follows_the_common_part() -> None:
    assert frames(partial(0, "你号"), partial(0, "你好欢"), final(0, "你好欢迎")) == ["你号", None, "好欢迎"]


def test_a_rewritten_word_may_still_grow_into_what_was_sent() -> None:
    assert frames(partial(0, "ab"), partial(0, "a"), final(0, "abc")) == ["ab", None, "c"]


def test_what_comes_late_for_a_finished_segment_is_not_sent() -> None:
    assert frames(final(0, "你"), partial(1, "好"), partial(0, "你们")) == ["你", "好", None]


def test_other_messages_are_no_text() -> None:
    assert TextFormat().render(Ack(received_samples=1, decoded_samples=1, lag_ms=0)) is None


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(VoicechatError) as caught:
        choose_format("xml")
    assert caught.value.code is ErrorCode.BAD_FIELD
    assert "/ws?format=text" in caught.value.advice
