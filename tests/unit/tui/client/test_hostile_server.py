"""Whatever a server says is printable and within bounds in the client, and breaks nothing there."""

import json
import math
import re
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.chat import (
    ChatError,
    ChatQuery,
    ChatStatus,
    ConnectionEstablished,
    Presence,
    chat_server_decoder,
)
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.heard import LONGEST_LINE, LONGEST_TEXT, MOST_ENTRIES, heard
from voicechat_common.protocol.speech import Ack, Error, Ready, Start, server_decoder
from voicechat_tui.client.chat.core import ChatCore
from voicechat_tui.client.chat.events import Postponed, PresenceChanged
from voicechat_tui.client.chat.policy import ChatPolicy
from voicechat_tui.client.chat.timeline import ChatTimeline
from voicechat_tui.client.speech.core import SpeechCore
from voicechat_tui.client.speech.policy import SpeechPolicy

OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
NASTY = "a\x1b[2J\x9b31m\x07\u2028b\u202ec\u2066\x00\r\nd"
NUMBERS = st.sampled_from(
    [
        -(10**400),
        -(2**63),
        -1e308,
        -1e9,
        -1,
        0,
        0.5,
        1,
        2,
        3,
        2**53,
        2**63,
        10**400,
        1e308,
        math.inf,
        math.nan,
    ]
)
TIMES = st.sampled_from(
    [
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "2026-01-02T03:04:05",
        "2026-01-02T03:04:05Z",
        "x",
        1e18,
    ]
)
TEXTS = st.sampled_from(["", "a", "alice", NASTY, "x" * 30_000])
ANYTHING = st.recursive(
    NUMBERS | TEXTS | TIMES | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


def messages_of(
    *, fields: dict[str, list[str]], like: dict[str, st.SearchStrategy[Any]]
) -> st.SearchStrategy[str]:
    """Messages of all types, whose fields are of the kinds that they should be."""
    one = [
        st.fixed_dictionaries({"type": st.just(kind)} | {name: like[name] for name in names})
        for kind, names in fields.items()
    ]
    return st.one_of(one).map(json.dumps)


LIKE: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(
        ["stream_id", "model", "text", "code", "message", "advice", "user", "speaker", "content"], TEXTS
    ),
    **dict.fromkeys(["chat_id", "title", "owner", "message_id", "client_message_id", "ended_by"], TEXTS),
    **dict.fromkeys(["fatal", "is_present", "is_typing", "is_partial"], st.booleans()),
    **dict.fromkeys(["timestamp", "ended_at"], TIMES),
    "protocol": st.just(1),
    "kind": st.sampled_from(["text", "speech"]),
    "status": st.sampled_from(["active", "ended"]),
    "participants": st.lists(TEXTS, max_size=3),
    "words": st.lists(st.tuples(TEXTS, NUMBERS, NUMBERS), max_size=2),
    "origin": st.sampled_from(["new", "held", "restored"]),
}
COUNTS = [
    "chunk_ms", "lookahead_ms", "received_samples", "segment", "revision", "start_ms", "end_ms", "seq", "id",
    "lag_ms", "durable_samples", "received_ms", "decoded_ms", "dropped_ms", "segments", "dropped_samples",
    "count", "decoded_samples",
]  # fmt: skip
LIKE |= dict.fromkeys(COUNTS, st.integers(-1, 5) | st.sampled_from([4_000, 2**53, 2**54])) | {
    "retry_after_s": NUMBERS
}
FAILURE = ["code", "message", "advice", "retry_after_s", "fatal"]
SPOKEN = ["segment", "revision", "text", "start_ms", "end_ms"]
SPEECH = messages_of(
    fields={
        "ready": ["stream_id", "model", "chunk_ms", "lookahead_ms", "received_samples", "origin", "protocol"],
        "partial": SPOKEN,
        "final": [*SPOKEN, "words", "seq"],
        "ack": ["received_samples", "decoded_samples", "lag_ms", "durable_samples"],
        "done": ["received_ms", "decoded_ms", "dropped_ms", "segments", "received_samples", "decoded_samples",
                 "dropped_samples"],
        "pong": ["id"],
        "error": FAILURE,
    },
    like=LIKE,
)  # fmt: skip
STORED = ["message_id", "seq", "speaker", "kind", "content", "is_partial", "revision", "timestamp",
          "client_message_id", "start_ms", "end_ms"]  # fmt: skip
CHAT = messages_of(
    fields={
        "connection_established": [
            "chat_id",
            "user",
            "title",
            "owner",
            "status",
            "seq",
            "participants",
            "protocol",
        ],
        "message_history": STORED,
        "new_message": STORED,
        "presence": ["user", "is_present", "count"],
        "typing": ["user", "is_typing"],
        "message_ack": ["client_message_id", "message_id", "seq"],
        "chat_ended": ["chat_id", "ended_by", "ended_at"],
        "pong": ["id"],
        "error": [*FAILURE, "client_message_id"],
    },
    like=LIKE,
)


def texts_in(value: object, field: str = "") -> list[tuple[str, str]]:
    """Every text in a value, with the name of its field."""
    if isinstance(value, BaseModel):
        return [found for name in type(value).model_fields for found in texts_in(getattr(value, name), name)]
    if isinstance(value, list | tuple):
        return [found for each in value for found in texts_in(each, field)]
    return [(field, value)] if isinstance(value, str) else []


def assert_harmless(value: object) -> None:
    for field, text in texts_in(value):
        assert len(text) <= (LONGEST_TEXT if field == "content" else LONGEST_LINE)
        assert not OBEYED.search(text.replace("\n", "").replace("\t", "") if field == "content" else text)


@given(SPEECH | CHAT | ANYTHING.map(json.dumps))
@settings(max_examples=300, deadline=None)
def test_what_is_decoded_is_harmless(frame: str) -> None:
    for decoder in (server_decoder, chat_server_decoder):
        try:
            assert_harmless(decoder.decode(frame))
        except VoicechatError as error:
            assert_harmless([error.message, error.advice])


def lost() -> VoicechatError:
    return VoicechatError(ErrorCode.CONNECTION_LOST, "It broke.", "Look.")


@given(st.lists(SPEECH, max_size=8))
@settings(max_examples=300, deadline=None)
def test_nothing_that_is_said_of_a_stream_breaks_the_client(frames: list[str]) -> None:
    core, now = SpeechCore(Start(chat_id="c", user="u"), SpeechPolicy(), Random(1)), 0.0
    core.connecting()
    core.connected(now)
    core.add(np.zeros(4_000, np.int16))
    for frame in frames:
        now += 1.0
        core.receive(frame, now)
        while core.next_message() is not None:
            pass
        for event in core.take_events():
            assert_harmless(event)
            encode(event)
        if core.is_done:
            return
        if core.wants_close:
            try:
                assert 0.1 <= core.interrupted(lost(), now) <= 30.0
            except VoicechatError as error:
                assert_harmless([error.message, error.advice])
                return
            core.connecting()
            core.connected(now)


@given(st.lists(CHAT, max_size=8))
@settings(max_examples=300, deadline=None)
def test_nothing_that_is_said_of_a_chat_breaks_the_client(frames: list[str]) -> None:
    core, now = ChatCore(ChatQuery(id="c", user="u"), ChatPolicy(), Random(1), "n"), 0.0
    timeline = ChatTimeline("u")
    core.send("hello", "a")
    core.connecting()
    core.connected(now)
    for frame in frames:
        now += 1.0
        core.receive(frame, now)
        while core.next_message() is not None:
            pass
        for event in core.take_events():
            assert_harmless(event)
            encode(event)
            start = timeline.apply(event)
            for entry in timeline.entries_from(0 if start is None else start):
                assert entry.timestamp is None or entry.timestamp.astimezone()
        if core.wants_close:
            try:
                assert 0.1 <= core.interrupted(lost(), now) <= 30.0
            except VoicechatError as error:
                assert_harmless([error.message, error.advice])
                return
            core.connecting()
            core.connected(now)


def opened_chat(*people: str) -> ChatCore:
    core = ChatCore(ChatQuery(id="c", user="u"), ChatPolicy(), Random(1), "n")
    core.connecting()
    core.connected(0.0)
    hello = ConnectionEstablished(
        chat_id="c", user="u", title="", owner="o", status=ChatStatus.ACTIVE, seq=0, participants=list(people)
    )
    core.receive(encode(hello), 0.0)
    return core


def test_a_server_that_takes_all_and_hangs_up_as_if_nothing_came_is_asked_more_and_more_seldom() -> None:
    core, now, pauses = SpeechCore(Start(), SpeechPolicy(), Random(1)), 0.0, []
    idle = encode(Error(code="idle_timeout", message="m", advice="a", retry_after_s=-1e9, fatal=True))
    for number in range(12):
        core.add(np.zeros(160, np.int16))
        core.connecting()
        core.connected(now)
        core.receive(
            encode(
                Ready(stream_id="s", model="m", chunk_ms=600, lookahead_ms=300, received_samples=160 * number)
            ),
            now,
        )
        while core.next_message() is not None:
            pass
        core.receive(encode(Ack(received_samples=core.end, decoded_samples=core.end, lag_ms=0)), now)
        core.receive(idle, now)
        pauses.append(core.interrupted(lost(), now))
        assert not core.needs_connection
        now += pauses[-1]
    assert all(min(0.25 * 2**count, 8.0) / 2 <= pause <= 8.0 for count, pause in enumerate(pauses))


def test_a_text_that_is_refused_again_and_again_is_sent_more_and_more_seldom() -> None:
    core, now, pauses = opened_chat(), 0.0, []
    core.send("hello", "a")
    refusal = encode(
        ChatError(code="busy", message="m", advice="a", retry_after_s=-1e9, client_message_id="a")
    )
    for _ in range(12):
        assert core.next_message() is not None
        core.take_events()
        core.receive(refusal, now)
        (postponed,) = core.take_events()
        assert isinstance(postponed, Postponed)
        pauses.append(postponed.in_s)
        core.check_alive(now + postponed.in_s / 2)
        while (message := core.next_message()) is not None:
            assert '"ping"' in message
        now += postponed.in_s
        core.receive('{"type":"pong"}', now)
    assert pauses[:4] == [2.0, 4.0, 8.0, 16.0]
    assert max(pauses) <= 30.0


def test_as_many_people_come_as_are_listed_and_no_more() -> None:
    core = opened_chat(*(f"u{number}" for number in range(MOST_ENTRIES - 1)))
    for name in ("v", "w", "x"):
        core.receive(encode(Presence(user=name, is_present=True, count=2)), 0.0)
    last = core.take_events()[-1]
    assert isinstance(last, PresenceChanged)
    assert last.participants[-2:] == (f"u{MOST_ENTRIES - 2}", "v")


def test_lists_texts_and_numbers_have_bounds() -> None:
    assert heard(list(range(MOST_ENTRIES + 1))) == list(range(MOST_ENTRIES))
    assert heard({"content": "x" * (LONGEST_TEXT + 1), "title": "x" * (LONGEST_LINE + 1)}) == {
        "content": "x" * (LONGEST_TEXT - 1) + "…",
        "title": "x" * (LONGEST_LINE - 1) + "…",
    }
    assert heard([math.nan, math.inf, -math.inf, 1e308, 10**400, -(2**60), True, 1.5]) == [
        None, None, None, None, None, None, True, 1.5
    ]  # fmt: skip


def test_what_was_said_keeps_its_lines_and_nothing_else_has_any() -> None:
    assert heard({"content": "a\r\nb\u2028c\td\x1b[2Je", "message": "a\r\nb\u2028c\td\x1b[2Je"}) == {
        "content": "a\nb\nc\td [2Je",
        "message": "a  b c d [2Je",
    }


@pytest.mark.parametrize(
    "text", ["小明 說：「好」", "e\u0301 👨\u200d👩\u200d👧 ❤\ufe0f", "אבג \u200fabc", "ｶﾞ\u3000。"]
)
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert heard({"content": text, "speaker": text}) == {"content": text, "speaker": text}
