"""Where a stream goes on that was lost with its server."""

from dataclasses import replace

import pytest

from tests.support.chat_records import spoken
from voicechat_common.protocol.speech import Start
from voicechat_server.api.speech.restoring import checkpoint_of, is_restorable
from voicechat_server.chat.live.speech import message_id_of
from voicechat_server.chat.records import Post, StoredMessage

STREAM_ID = "0123456789abcdef" * 2
START = Start(stream_id=STREAM_ID, chat_id="c", user="anna", sample_rate=8_000)


def stored(segment: int, seq: int) -> StoredMessage:
    post: Post = spoken(f"segment {segment}", 1000 * segment, 1000 * segment + 900)
    return StoredMessage(
        message_id=message_id_of(STREAM_ID, segment),
        chat_id="c",
        seq=seq,
        speaker="anna",
        kind=post.kind,
        content=post.content,
        timestamp=post.at,
        speech=post.speech,
    )


def test_a_stream_of_which_nothing_is_stored_begins_anew_under_its_name() -> None:
    checkpoint = checkpoint_of(START, {})
    assert (checkpoint.stream_id, checkpoint.samples, checkpoint.segments) == (STREAM_ID, 0, 0)


def test_it_goes_on_behind_the_last_stored_segment() -> None:
    start = START.model_copy(update={"finals_received": 1, "durable_samples": 7_000})
    checkpoint = checkpoint_of(start, {0: stored(0, 1), 2: stored(2, 5)})
    assert (checkpoint.samples, checkpoint.last_end_ms, checkpoint.segments) == (2900 * 8, 2900, 3)
    assert [(final.segment, final.seq, final.end_ms) for final in checkpoint.finals] == [
        (0, 1, 900),
        (2, 5, 2900),
    ]


def test_it_goes_on_where_the_client_was_told_that_nothing_follows() -> None:
    start = START.model_copy(update={"finals_received": 4, "durable_samples": 80_000})
    checkpoint = checkpoint_of(start, {0: stored(0, 1)})
    assert (checkpoint.samples, checkpoint.segments) == (80_000, 4)


@pytest.mark.parametrize("change", [{"chat_id": None}, {"stream_id": "s"}, {"stream_id": STREAM_ID.upper()}])
def test_only_streams_of_a_server_in_a_chat_can_be_restored(change: dict[str, object]) -> None:
    assert is_restorable(START)
    assert not is_restorable(START.model_copy(update=change))


def test_the_name_of_a_message_follows_from_stream_and_segment_and_hides_the_stream() -> None:
    names = {message_id_of(STREAM_ID, number) for number in range(100)} | {message_id_of("f" * 32, 0)}
    assert len(names) == 101
    assert message_id_of(STREAM_ID, 7) == message_id_of(STREAM_ID, 7)
    assert not any(STREAM_ID in name for name in names)
    assert replace(stored(0, 1), seq=2).message_id == message_id_of(STREAM_ID, 0)
