"""The client's stream through every outage: each sample is delivered exactly once, or counted as lost."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.speech_wire import PER_MS, RATE, SpeechWire, opened, samples
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.speech import Done, Error, Final
from voicechat_tui.client.connection.core import Retrying
from voicechat_tui.client.connection.state import LinkState
from voicechat_tui.client.speech.events import AudioLost, Resumed


def steps_of(*plain: str) -> st.SearchStrategy[list[tuple[str, int]]]:
    """Sequences of what can happen, the plain steps among it."""
    return st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(1, 300).map(lambda ms: ms * PER_MS)),
            st.tuples(st.sampled_from(["send", "answer", "receive"]), st.integers(1, 8)),
            st.tuples(st.sampled_from(plain), st.just(0)),
        ),
        min_size=10,
        max_size=60,
    )


STEPS = steps_of("flush", "cut", "connect", "exchange")


def play(wire: SpeechWire, steps: list[tuple[str, int]]) -> None:
    for name, amount in steps:
        match name:
            case "add":
                wire.core.add(samples(wire.core.end, amount))
            case "flush":
                wire.core.flush()
            case "cut":
                wire.cut()
            case "connect":
                wire.connect()
            case "exchange":
                wire.connect()
                wire.exchange()
            case "forget":
                wire.server.forget()
                wire.cut()
            case "send":
                wire.send(amount)
            case "answer":
                wire.answer(amount)
            case "receive":
                wire.receive(amount)


def texts(wire: SpeechWire) -> list[str]:
    return [event.text for event in wire.of(Final)]


@given(steps=STEPS)
@settings(deadline=None)
def test_any_cuts_deliver_every_sample_exactly_once(steps: list[tuple[str, int]]) -> None:
    wire = SpeechWire()
    play(wire, steps)
    wire.core.stop()
    wire.settle()
    assert wire.core.state is LinkState.FINISHED
    np.testing.assert_array_equal(wire.server.current.audio, samples(0, wire.core.end))
    assert not wire.of(AudioLost)
    # Every final reaches the application once, in order, whatever was repeated.
    assert texts(wire) == [final.text for final in wire.server.current.finals]
    assert [event.segment for event in wire.of(Final)] == list(range(len(texts(wire))))


@given(steps=STEPS)
@settings(deadline=None)
def test_flushes_end_segments_where_they_were_asked_for(steps: list[tuple[str, int]]) -> None:
    wire = SpeechWire()
    position, bounds = 0, set()
    for name, amount in steps:
        position += amount if name == "add" else 0
        if name == "flush" and position:
            bounds.add(position)
    play(wire, steps)
    wire.core.stop()
    wire.settle()
    ends = {final.end_ms * PER_MS for final in wire.server.current.finals}
    assert ends == bounds | ({position} if position else set())


@given(steps=steps_of("flush", "forget", "exchange", "exchange"))
@settings(deadline=None)
def test_a_server_that_forgets_streams_still_gets_all_of_the_speech(steps: list[tuple[str, int]]) -> None:
    wire = SpeechWire()
    play(wire, steps)
    wire.core.stop()
    wire.settle()
    assert wire.core.state is LinkState.FINISHED
    finals = [segment for segment in wire.core.transcript.segments if segment.is_final]
    edges = [0, *(segment.end_ms * PER_MS for segment in finals)]
    assert [segment.start_ms * PER_MS for segment in finals] == edges[:-1]
    assert edges[-1] == wire.core.end
    expected = [f"<{begin % 30_000 + 1}..{(end - 1) % 30_000 + 1}>" for begin, end in pairwise(edges)]
    assert [segment.text for segment in finals] == expected
    done = wire.of(Done)[-1]
    assert done.received_samples == wire.core.end
    assert done.segments == len(finals)


def test_audio_that_no_longer_fits_the_ring_is_told_and_keeps_its_place_as_silence() -> None:
    wire = opened(ring_s=1.0)
    wire.core.add(samples(0, 4_000))
    wire.exchange()
    wire.cut()
    wire.core.add(samples(4_000, 20_000))
    wire.core.stop()
    wire.settle()
    assert wire.of(AudioLost) == [AudioLost(at_ms=500, ms=1500)]
    audio = wire.server.current.audio
    assert len(audio) == 24_000
    np.testing.assert_array_equal(audio[:4_000], samples(0, 4_000))
    assert not audio[4_000:16_000].any()
    np.testing.assert_array_equal(audio[16_000:], samples(16_000, 8_000))


def test_a_resume_says_what_it_repeats() -> None:
    wire = opened()
    wire.core.add(samples(0, 8_000))
    wire.send()
    wire.cut()
    wire.settle()
    assert [event.reason for event in wire.of(Retrying)] == ["The connection was lost: it was cut."]
    assert wire.of(Resumed) == [Resumed(resent_ms=1000, restarted=False, stream_id="stream-0")]
    assert wire.server.started[-1].stream_id == "stream-0"


def test_a_lost_chat_stream_is_not_recognised_a_second_time() -> None:
    """Its server, of before `durable_samples`, finishes it into the chat by itself."""
    wire = opened(chat_id="room")
    wire.core.add(samples(0, 8_000))
    wire.exchange()
    wire.core.add(samples(8_000, 4_000))
    wire.server.forget()
    wire.cut()
    wire.core.stop()
    wire.settle()
    np.testing.assert_array_equal(wire.server.current.audio, samples(8_000, 4_000))
    assert wire.of(AudioLost) == [AudioLost(at_ms=0, ms=1000)]
    done = wire.of(Done)[-1]
    assert (done.received_samples, done.decoded_samples, done.dropped_samples) == (12_000, 4_000, 8_000)


@given(steps=steps_of("flush", "forget", "cut", "exchange", "exchange"))
@settings(deadline=None)
def test_a_server_that_is_killed_gets_again_what_the_chat_had_not_stored(
    steps: list[tuple[str, int]],
) -> None:
    wire = SpeechWire(chat_id="room", stores=True)
    play(wire, steps)
    wire.core.stop()
    wire.settle()
    assert wire.core.state is LinkState.FINISHED
    assert not wire.of(AudioLost)
    assert len(wire.server.all_streams) == 1
    np.testing.assert_array_equal(wire.server.current.audio, samples(0, wire.core.end))
    assert texts(wire) == [final.text for final in wire.server.current.finals]
    assert [event.segment for event in wire.of(Final)] == list(range(len(texts(wire))))
    assert wire.of(Done)[-1].received_samples == wire.core.end


def test_a_restored_stream_shows_what_is_said_again() -> None:
    wire = opened(chat_id="room", stores=True)
    wire.core.add(samples(0, 8_000))
    wire.exchange()
    before = wire.core.transcript.segments[0]
    wire.server.forget()
    wire.cut()
    wire.settle()
    assert wire.of(Resumed) == [Resumed(resent_ms=1000, restarted=True, stream_id="stream-0")]
    assert wire.core.transcript.segments[0].revision > before.revision


def test_a_client_that_can_wait_keeps_all_that_is_not_stored() -> None:
    wire = opened(ring_s=2.0, chat_id="room", stores=True)
    wire.core.add(samples(0, RATE))
    wire.exchange()
    assert wire.core.capacity == RATE
    wire.core.add(samples(RATE, RATE))
    wire.exchange()
    assert wire.core.capacity == 0
    wire.core.flush()
    wire.exchange()
    assert wire.core.capacity == RATE


def test_somebody_else_goes_on_with_a_stream_where_it_is_stored() -> None:
    wire = opened(chat_id="room", stores=True)
    wire.core.add(samples(0, 800))
    wire.core.flush()
    wire.core.add(samples(800, 800))
    wire.exchange()
    wire.server.forget()
    heir = SpeechWire(
        chat_id="room",
        stores=True,
        server=wire.server,
        resume={"stream_id": "stream-0", "finals_received": 0, "durable_samples": 400},
    )
    heir.core.add(samples(400, 1200))
    heir.core.stop()
    heir.settle()
    assert [(final.segment, final.start_ms) for final in heir.of(Final)] == [(0, 0), (1, 100)]
    np.testing.assert_array_equal(wire.server.current.audio, samples(0, 1600))
    assert heir.of(Done)[-1].received_samples == 1600


def test_a_new_stream_goes_on_after_the_finals_of_the_lost_one() -> None:
    wire = opened()
    wire.core.add(samples(0, 800))
    wire.core.flush()
    wire.core.add(samples(800, 1600))
    wire.exchange()
    wire.server.forget()
    wire.cut()
    wire.core.stop()
    wire.settle()
    np.testing.assert_array_equal(wire.server.current.audio, samples(800, 1600))
    assert [(final.segment, final.start_ms, final.end_ms) for final in wire.of(Final)] == [
        (0, 0, 100),
        (1, 100, 300),
    ]
    assert [word.start_ms for final in wire.of(Final) for word in final.words] == [0, 100]


def test_a_partial_of_a_new_stream_replaces_that_of_the_lost_one() -> None:
    wire = opened()
    wire.core.add(samples(0, 8_000))
    wire.exchange()
    before = wire.core.transcript.segments[0]
    wire.server.forget()
    wire.cut()
    wire.settle()
    after = wire.core.transcript.segments[0]
    assert len(wire.core.transcript.segments) == 1
    assert after.revision > before.revision


def test_room_is_what_the_window_leaves() -> None:
    wire = opened(ring_s=2.0)
    assert wire.core.capacity == RATE
    wire.core.add(samples(0, 3_000))
    assert wire.core.capacity == RATE - 3_000
    wire.exchange()
    assert wire.core.capacity == RATE
    wire.core.add(samples(3_000, 9_000))
    assert wire.core.capacity == 0


def test_audio_after_stop_is_a_mistake() -> None:
    wire = opened()
    wire.core.stop()
    with pytest.raises(RuntimeError, match="can't follow stop"):
        wire.core.add(samples(0, 8))


def test_a_server_that_is_done_too_early_gets_the_rest_in_a_new_stream() -> None:
    wire = opened()
    wire.core.add(samples(0, 800))
    wire.send()
    wire.answer()
    wire.down.append(encode(wire.server.current.done()))
    wire.receive()
    wire.core.stop()
    wire.settle()
    assert len(wire.server.all_streams) == 2
    np.testing.assert_array_equal(wire.server.current.audio, samples(0, 800))


def end_idle(wire: SpeechWire) -> None:
    """Let the server end the stream because nothing comes, and forget it."""
    wire.server.forget()
    wire.down.append(
        encode(
            Error(
                code=ErrorCode.IDLE_TIMEOUT,
                message="Nothing came.",
                advice="Open another.",
                retry_after_s=10.0,
                fatal=True,
            )
        )
    )


def test_a_stream_that_was_ended_in_silence_rests_until_there_is_something_to_say() -> None:
    wire = opened()
    wire.core.add(samples(0, 800))
    wire.core.flush()
    wire.exchange()
    end_idle(wire)
    wire.receive()
    assert (wire.connected, wire.core.needs_connection) == (False, False)
    assert not wire.of(Retrying)
    wire.core.add(samples(800, 800))
    assert (wire.connected, wire.core.needs_connection) == (False, True)
    wire.core.stop()
    wire.settle()
    assert wire.core.state is LinkState.FINISHED
    heard = [stream.audio for stream in wire.server.all_streams]
    np.testing.assert_array_equal(np.concatenate(heard), samples(0, 1600))
    assert not wire.of(AudioLost)


@pytest.mark.parametrize("what", ["audio", "stop"])
def test_who_has_more_to_say_opens_another_stream_at_once(what: str) -> None:
    """As where the server gave up on a stream in the moment in which its client went on."""
    wire = opened()
    end_idle(wire)
    if what == "audio":
        wire.core.add(samples(0, 800))
        wire.send()
    else:
        wire.core.stop()
    wire.receive()
    assert wire.core.needs_connection
    assert [event.in_s for event in wire.of(Retrying)] == [10.0]
    wire.core.stop()
    wire.settle()
    np.testing.assert_array_equal(wire.server.current.audio, samples(0, wire.core.end))
    assert wire.core.state is LinkState.FINISHED
