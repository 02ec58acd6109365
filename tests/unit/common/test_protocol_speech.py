"""The messages of `/ws`: defaults, bounds, and the way over the wire and back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.printable import printable
from voicechat_common.protocol import PROTOCOL_VERSION
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.speech import (
    MAX_FINALS,
    MAX_POSITION,
    Ack,
    ClientMessage,
    Done,
    Error,
    Final,
    Flush,
    Partial,
    Ping,
    Pong,
    Ready,
    ServerMessage,
    Start,
    Stop,
    Word,
    client_decoder,
    server_decoder,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
COUNTS = st.integers(0, 2**48)
IDENTIFIERS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128)
CHAT_IDS = st.from_regex("[a-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True).filter(lambda text: text != "list")
USERS = st.sampled_from(["alice", "小明", 'O\'Brien / "x"', "Zoë 😀"])
CHUNK_SIZES = st.tuples(st.integers(0, 30), st.integers(1, 60), st.integers(1, 30))
PING_IDS = st.none() | st.integers(-(2**53), 2**53) | TEXTS

CLIENT_MESSAGES: st.SearchStrategy[ClientMessage] = st.one_of(
    st.builds(
        Start,
        sample_rate=st.integers(8_000, 48_000),
        user=st.none() | USERS,
        chat_id=st.none() | CHAT_IDS,
        chunk_size=st.none() | CHUNK_SIZES,
        endpointing=st.none() | st.booleans(),
        stream_id=st.none() | IDENTIFIERS,
        finals_received=st.integers(0, MAX_FINALS),
        durable_samples=st.integers(0, MAX_POSITION),
    ),
    st.just(Flush()),
    st.just(Stop()),
    st.builds(Ping, id=PING_IDS),
)
# What else a server may say is made so by whoever hears it.
SAID = TEXTS.map(printable)
SERVER_MESSAGES: st.SearchStrategy[ServerMessage] = st.one_of(
    st.builds(Ready, stream_id=SAID, model=SAID, chunk_ms=COUNTS, lookahead_ms=COUNTS),
    st.builds(Partial, segment=COUNTS, revision=COUNTS, text=SAID, start_ms=COUNTS, end_ms=COUNTS),
    st.builds(
        Final,
        segment=COUNTS,
        revision=COUNTS,
        text=SAID,
        start_ms=COUNTS,
        end_ms=COUNTS,
        words=st.lists(st.builds(Word, SAID, COUNTS, COUNTS), max_size=3),
    ),
    st.builds(Ack, received_samples=COUNTS, decoded_samples=COUNTS, lag_ms=COUNTS),
    st.builds(
        Done,
        received_ms=COUNTS,
        decoded_ms=COUNTS,
        dropped_ms=COUNTS,
        silence_ms=COUNTS,
        segments=COUNTS,
        received_samples=COUNTS,
        decoded_samples=COUNTS,
        dropped_samples=COUNTS,
    ),
    st.builds(Pong, id=st.none() | st.integers(-(2**53), 2**53) | SAID),
    st.builds(Error, code=st.sampled_from(ErrorCode), message=SAID, advice=SAID, fatal=st.booleans()),
)


@given(CLIENT_MESSAGES)
def test_what_a_client_says_survives_the_wire(message: ClientMessage) -> None:
    assert client_decoder.decode(encode(message)) == message


@given(SERVER_MESSAGES)
def test_what_a_server_says_survives_the_wire(message: ServerMessage) -> None:
    assert server_decoder.decode(encode(message)) == message


def test_a_start_without_fields_asks_for_the_defaults() -> None:
    start = client_decoder.decode('{"type":"start"}')
    assert start == Start(sample_rate=16_000, encoding="pcm_s16le", channels=1)
    assert isinstance(start, Start)
    assert (start.chunk_size, start.endpointing, start.stream_id, start.finals_received) == (
        None,
        None,
        None,
        0,
    )


def test_words_are_triples_on_the_wire() -> None:
    final = Final(
        segment=0, revision=1, text="你好", start_ms=0, end_ms=9, words=[Word("你", 0, 4), Word("好", 4, 9)]
    )
    assert '"words":[["你",0,4],["好",4,9]]' in encode(final)


def test_ready_names_the_protocol() -> None:
    ready = Ready(stream_id="s", model="demo", chunk_ms=600, lookahead_ms=300)
    assert (ready.protocol, ready.received_samples) == (PROTOCOL_VERSION, 0)


def test_an_error_of_a_newer_server_is_understood() -> None:
    error = server_decoder.decode('{"type":"error","code":"brand_new","message":"m","advice":"a"}')
    assert isinstance(error, Error)
    assert (error.code, error.fatal) == ("brand_new", False)


@pytest.mark.parametrize("chunk_size", [(0, 1, 1), (30, 60, 30), (0, 10, 5), (5, 10, 5)])
def test_possible_chunk_sizes_are_taken(chunk_size: tuple[int, int, int]) -> None:
    assert Start(chunk_size=chunk_size).chunk_size == chunk_size


@pytest.mark.parametrize(
    ("chunk_size", "said"),
    [
        ("[31,10,5]", "left context must be 0 to 30 frames, not 31"),
        ("[0,61,5]", "step must be 1 to 60 frames, not 61"),
        ("[0,-10,5]", "step must be 1 to 60 frames, not -10"),
        ("[0,10,31]", "look-ahead must be 1 to 30 frames, not 31"),
        ("[0,10,5.5]", "chunk_size.2"),
        ('"0,10,5"', "chunk_size"),
        ("[0,10,5,5]", "chunk_size"),
    ],
)
def test_an_impossible_chunk_size_is_refused_with_the_bound(chunk_size: str, said: str) -> None:
    with pytest.raises(VoicechatError) as caught:
        client_decoder.decode(f'{{"type":"start","chunk_size":{chunk_size}}}')
    assert caught.value.code is ErrorCode.BAD_FIELD
    assert said in caught.value.message


@pytest.mark.parametrize("field", ["user", "chat_id", "stream_id"])
def test_a_name_of_129_characters_is_too_long(field: str) -> None:
    with pytest.raises(VoicechatError) as caught:
        client_decoder.decode(f'{{"type":"start","{field}":"{"n" * 129}"}}')
    assert field in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"final","segment":-1,"revision":0,"text":"","start_ms":0,"end_ms":0}',
        '{"type":"partial","segment":0,"revision":0,"start_ms":0,"end_ms":0}',
        '{"type":"ack","received_samples":1}',
    ],
)
def test_a_server_message_with_a_bad_field_is_refused(text: str) -> None:
    with pytest.raises(VoicechatError) as caught:
        server_decoder.decode(text)
    assert caught.value.code is ErrorCode.BAD_FIELD


@pytest.mark.parametrize("field", ["durable_samples", "finals_received"])
@pytest.mark.parametrize("value", [-1, 2**63, 10**40])
def test_no_stream_is_resumed_at_a_place_that_no_database_holds(field: str, value: int) -> None:
    with pytest.raises(VoicechatError) as caught:
        client_decoder.decode(json.dumps({"type": "start", field: value}))
    assert caught.value.code is ErrorCode.BAD_FIELD
