"""Text frames to messages: what is taken, and what is said about the rest."""

import pytest

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.speech import (
    ClientMessage,
    Flush,
    Ping,
    Pong,
    Start,
    Stop,
    client_decoder,
    server_decoder,
)


def refusal(text: str | bytes) -> VoicechatError:
    with pytest.raises(VoicechatError) as caught:
        client_decoder.decode(text)
    return caught.value


@pytest.mark.parametrize(
    "message", [Start(sample_rate=48_000, chunk_size=(5, 10, 5), user="小明"), Flush(), Stop(), Ping(id=7)]
)
def test_a_message_survives_the_wire(message: ClientMessage) -> None:
    assert client_decoder.decode(encode(message)) == message
    assert client_decoder.decode(encode(message).encode()) == message


def test_unknown_fields_are_ignored() -> None:
    assert server_decoder.decode('{"type":"pong","id":"a","later":[1]}') == Pong(id="a")


@pytest.mark.parametrize(
    "text",
    ["", "hello", '{"type":"ping"', '{"type":"ping"} {}', "[" * 100_000, b"\xff\xfe", '{"id":"\\ud800"}'],
)
def test_text_that_is_no_json_is_refused(text: str | bytes) -> None:
    error = refusal(text)
    assert error.code is ErrorCode.BAD_JSON
    assert "send audio as binary frames" in error.advice


@pytest.mark.parametrize(
    "text", ["null", "[]", "3", "{}", '{"type":3}', '{"type":"begin"}', '{"type":"pong"}']
)
def test_an_unknown_type_is_refused_with_those_there_are(text: str) -> None:
    error = refusal(text)
    assert error.code is ErrorCode.UNKNOWN_TYPE
    assert "start, flush, stop, ping" in error.advice


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ('"sample_rate":7999', "sample_rate"),
        ('"sample_rate":48001', "sample_rate"),
        ('"sample_rate":"fast"', "sample_rate"),
        ('"sample_rate":-1', "sample_rate"),
        ('"channels":2', "channels"),
        ('"encoding":"mp3"', "encoding"),
        ('"chunk_size":["a",10,5]', "chunk_size.0"),
        ('"chunk_size":[0,0,0]', "step must be 1 to 60 frames, not 0"),
        ('"chunk_size":[0,10,0]', "look-ahead must be 1 to 30 frames, not 0"),
        ('"chunk_size":[-1,10,5]', "left context must be 0 to 30 frames, not -1"),
        ('"chunk_size":[0,10]', "chunk_size"),
        ('"user":""', "user"),
        ('"finals_received":-1', "finals_received"),
    ],
)
def test_an_impossible_field_is_named(fields: str, named: str) -> None:
    error = refusal(f'{{"type":"start",{fields}}}')
    assert error.code is ErrorCode.BAD_FIELD
    assert named in error.message
