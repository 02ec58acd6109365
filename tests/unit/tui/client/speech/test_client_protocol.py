"""What the client makes of a server that errs, falls silent, or is none."""

import pytest

from tests.support.speech_wire import SpeechWire, opened, samples
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.speech import Ack, Done, Error, Final, Partial, Ready
from voicechat_tui.client.connection import failures
from voicechat_tui.client.connection.core import Retrying
from voicechat_tui.client.connection.state import LinkState


def greeted(frame: str | bytes, *, opening: bool) -> VoicechatError:
    """The failure after a frame."""
    wire = opened()
    if opening:
        wire = SpeechWire()
        wire.connect()
    wire.core.receive(frame, 0.0)
    assert wire.core.wants_close
    with pytest.raises(VoicechatError) as caught:
        wire.core.interrupted(failures.closed("whatever"), 0.0)
    assert wire.core.state is LinkState.FAILED
    return caught.value


READY = Ready(stream_id="s", model="m", chunk_ms=600, lookahead_ms=300)


@pytest.mark.parametrize("frame", ["<html>", b"\xff\xfe", "[]", '{"type":"welcome"}', '{"type":"ready"}'])
def test_garbage_for_a_greeting_is_no_voicechat_server(frame: str | bytes) -> None:
    assert greeted(frame, opening=True).code is ErrorCode.PROTOCOL_MISMATCH


def test_another_version_of_the_protocol_is_named() -> None:
    error = greeted(encode(READY.model_copy(update={"protocol": 2})), opening=True)
    assert (error.code, error.advice) == (ErrorCode.PROTOCOL_MISMATCH, "Update the client.")


@pytest.mark.parametrize("frame", ["{", encode(READY), '{"type":"ack"}'])
def test_garbage_in_the_middle_ends_the_stream(frame: str) -> None:
    assert greeted(frame, opening=False).code is ErrorCode.PROTOCOL_MISMATCH


def test_a_server_that_claims_more_audio_than_there_is_ends_the_stream() -> None:
    error = greeted(encode(READY.model_copy(update={"received_samples": 5})), opening=True)
    assert error.code is ErrorCode.PROTOCOL_MISMATCH


def test_a_fatal_error_of_the_server_is_passed_on() -> None:
    frame = encode(Error(code="recognition_failed", message="It broke.", advice="Look.", fatal=True))
    error = greeted(frame, opening=False)
    assert (error.code, error.message) == (ErrorCode.RECOGNITION_FAILED, "It broke.")


def test_an_unheard_of_error_code_is_internal() -> None:
    frame = encode(Error(code="moon_phase", message="Wrong.", advice="Wait.", fatal=True))
    assert greeted(frame, opening=False).code is ErrorCode.INTERNAL


def test_messages_of_a_newer_server_are_passed_over() -> None:
    wire = opened()
    wire.core.receive('{"type":"applause","volume":11}', 0.0)
    assert not wire.core.wants_close


def test_a_harmless_error_is_an_event() -> None:
    wire = opened()
    error = Error(code="bad_json", message="What?", advice="Say it in JSON.")
    wire.core.receive(encode(error), 0.0)
    assert wire.core.take_events() == [error]
    assert not wire.core.wants_close


def test_events_come_in_the_order_of_the_wire() -> None:
    wire = opened()
    wire.core.add(samples(0, 800))
    wire.core.stop()
    wire.settle()
    assert [type(event) for event in wire.events] == [Ready, Partial, Ack, Final, Done]


def test_a_silent_server_is_asked_and_then_given_up() -> None:
    wire = opened()
    wire.core.check_alive(9.9)
    assert wire.core.next_message() is None
    wire.core.check_alive(10.0)
    assert wire.core.next_message() == '{"type":"ping","id":null}'
    wire.core.check_alive(15.0)
    assert wire.core.next_message() is None
    for now, given_up in ((29.9, False), (30.0, True)):
        wire.core.check_alive(now)
        assert wire.core.wants_close is given_up
    assert wire.core.interrupted(failures.closed("x"), 30.0) > 0
    wire.take_events()
    assert wire.of(Retrying)[-1].reason == "Nothing was heard from the server for 30 s."


def test_a_pong_is_a_sign_of_life() -> None:
    wire = opened()
    wire.core.receive('{"type":"pong"}', 29.0)
    wire.core.check_alive(31.0)
    assert not wire.core.wants_close


def test_an_unanswered_start_is_given_up() -> None:
    wire = SpeechWire()
    wire.connect()
    for now, given_up in ((9.9, False), (10.0, True)):
        wire.core.check_alive(now)
        assert wire.core.wants_close is given_up


def test_a_stream_that_is_never_resumed_fails_as_a_lost_connection() -> None:
    wire = opened()
    wire.cut()

    def attempts() -> None:
        while True:
            wire.core.connecting()
            wire.now += wire.core.interrupted(failures.unreachable("ws://x", "refused"), wire.now)

    with pytest.raises(VoicechatError) as caught:
        attempts()
    assert caught.value.code is ErrorCode.CONNECTION_LOST
    assert "could not be resumed" in caught.value.message
    assert 60 <= wire.now <= 61
