"""Delays, patience, addresses and legal transitions of the speech client."""

import math
from random import Random

import pytest

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.chat import ChatQuery
from voicechat_tui.client.chat.policy import ChatPolicy
from voicechat_tui.client.connection.address import ascii_url, chat_url, server_url, speech_url
from voicechat_tui.client.connection.backoff import Backoff, own_pause
from voicechat_tui.client.connection.state import IllegalTransitionError, LinkState, checked
from voicechat_tui.client.speech.policy import SpeechPolicy


def error(code: ErrorCode, retry_after_s: float | None = None) -> VoicechatError:
    return VoicechatError(code, "It did not work.", "Try again.", retry_after_s=retry_after_s)


def delays(code: ErrorCode, *, established: bool = False, retry_after_s: float | None = None) -> list[float]:
    """The delays of one outage, as long as it is tried."""
    backoff, now, result = Backoff(SpeechPolicy(), Random(5)), 100.0, []
    if established:
        backoff.opened(now)
    while (delay := backoff.delay(error(code, retry_after_s), now)) is not None:
        result.append(delay)
        now += delay
    return result


def test_delays_double_with_jitter_up_to_a_limit() -> None:
    result = delays(ErrorCode.CONNECTION_LOST, established=True)
    for count, delay in enumerate(result[:-1]):
        longest = min(0.25 * 2**count, 8.0)
        assert longest / 2 <= delay <= longest
    assert sum(result) == pytest.approx(60.0)


@pytest.mark.parametrize(
    ("code", "established", "patience_s"),
    [
        (ErrorCode.SERVER_UNREACHABLE, False, 5.0),
        (ErrorCode.SERVER_UNREACHABLE, True, 60.0),
        (ErrorCode.NOT_READY, False, 60.0),
        (ErrorCode.SHUTTING_DOWN, True, 60.0),
    ],
)
def test_each_setback_has_its_patience(code: ErrorCode, established: bool, patience_s: float) -> None:
    assert sum(delays(code, established=established)) == pytest.approx(patience_s)


def test_a_full_server_is_asked_again_when_it_says_a_bounded_number_of_times() -> None:
    assert delays(ErrorCode.BUSY, retry_after_s=4.0) == [4.0] * 5
    assert delays(ErrorCode.BUSY)[:4] == [2.0] * 4
    assert len(delays(ErrorCode.BUSY)) == 5
    assert delays(ErrorCode.BUSY, retry_after_s=9999.0) == [30.0] * 5


@pytest.mark.parametrize(
    "asked_s", [-1e9, -1.0, 0.0, -0.0, 1e-9, 0.01, math.nan, math.inf, -math.inf, 1e308, -1e308, 1e300]
)  # fmt: skip
@pytest.mark.parametrize(
    "code", [ErrorCode.NOT_READY, ErrorCode.SHUTTING_DOWN, ErrorCode.STORAGE, ErrorCode.BUSY]
)
def test_pauses_grow_whatever_a_server_asks_for(code: ErrorCode, asked_s: float) -> None:
    backoff, now, pauses = Backoff(ChatPolicy(), Random(5)), 0.0, []
    backoff.opened(now)
    for _ in range(50):
        delay = backoff.delay(error(code, asked_s), now)
        assert delay is not None
        pauses.append(delay)
        now += delay
    for count, pause in enumerate(pauses):
        assert min(0.25 * 2**count, 8.0) / 2 <= pause <= 30.0


def test_a_server_that_answers_and_hangs_up_is_asked_more_and_more_seldom() -> None:
    backoff, now, attempts = Backoff(ChatPolicy(), Random(5)), 0.0, 0
    while now < 60.0:
        backoff.opened(now)
        backoff.recovered()
        now += 0.001
        delay = backoff.delay(error(ErrorCode.CONNECTION_LOST, -1e9), now)
        assert delay is not None
        now += delay
        attempts += 1
    assert attempts <= 20


def test_pauses_of_an_outage_of_days_are_the_longest_ones() -> None:
    assert own_pause(0.25, 100_000, 8.0) == 8.0


def test_a_server_that_loads_is_asked_when_it_says() -> None:
    assert delays(ErrorCode.NOT_READY, retry_after_s=7.0)[:3] == [7.0, 7.0, 7.0]


@pytest.mark.parametrize(
    "code", [ErrorCode.PROTOCOL_MISMATCH, ErrorCode.BAD_FIELD, ErrorCode.RECOGNITION_FAILED]
)
def test_what_would_fail_again_is_not_tried_again(code: ErrorCode) -> None:
    assert delays(code, established=True) == []


def test_recovery_ends_an_outage() -> None:
    backoff = Backoff(SpeechPolicy(), Random(5))
    lose_connection(backoff)
    backoff.opened(992.0)
    backoff.recovered()
    delay = backoff.delay(error(ErrorCode.CONNECTION_LOST), 1000.0)
    assert delay is not None
    assert delay <= 0.25


@pytest.mark.parametrize(("lasts_s", "is_new_outage"), [(9.9, False), (10.0, True)])
def test_only_a_connection_that_lasts_ends_an_outage(lasts_s: float, is_new_outage: bool) -> None:
    backoff = Backoff(SpeechPolicy(), Random(5))
    lose_connection(backoff)
    backoff.opened(10.0)
    delay = backoff.delay(error(ErrorCode.CONNECTION_LOST), 10.0 + lasts_s)
    assert delay is not None
    assert (delay <= 0.25) is is_new_outage


def lose_connection(backoff: Backoff) -> None:
    """Have a connection, lose it, and fail a few times to get it back."""
    backoff.opened(0.0)
    for _ in range(8):
        backoff.delay(error(ErrorCode.CONNECTION_LOST), 0.0)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("127.0.0.1:8000", "ws://127.0.0.1:8000/ws"),
        ("ws://voice.example/ws", "ws://voice.example/ws"),
        ("http://voice.example:8000/", "ws://voice.example:8000/ws"),
        ("https://voice.example/api/speech?key=1", "wss://voice.example/api/speech?key=1"),
        ("[::1]:8000", "ws://[::1]:8000/ws"),
        ("[fe80::1%eth0]:8000", "ws://[fe80::1%eth0]:8000/ws"),
        ("语音.example:8000", "ws://语音.example:8000/ws"),
        ("voice.example.", "ws://voice.example./ws"),
        ("voice.example/voice", "ws://voice.example/voice/ws"),
        ("https://voice.example/voice/", "wss://voice.example/voice/ws"),
        ("voice.example/voice/ws", "ws://voice.example/voice/ws"),
        ("voice.example/voice/ws/", "ws://voice.example/voice/ws"),
        ("voice.example/voice/chatting", "ws://voice.example/voice/ws"),
        ("voice.example/ws/ws", "ws://voice.example/ws/ws"),
        ("anna@voice.example", "ws://anna:@voice.example/ws"),
        ("https://anna:a%40b@voice.example/v", "wss://anna:a%40b@voice.example/v/ws"),
    ],
)
def test_addresses_are_completed(address: str, url: str) -> None:
    assert speech_url(address) == url


@pytest.mark.parametrize(
    "address", ["voice.example/voice", "voice.example/voice/ws", "voice.example/voice/chatting"]
)
def test_one_address_serves_speech_chats_and_calls(address: str) -> None:
    assert speech_url(address) == "ws://voice.example/voice/ws"
    assert chat_url(address, ChatQuery(id="c")) == "ws://voice.example/voice/chatting?id=c&since=0"
    assert server_url(address) == "http://voice.example/voice"


def test_a_host_in_other_letters_is_asked_for_as_name_servers_know_it() -> None:
    assert ascii_url("wss://语音.example:1/ws") == "wss://xn--2e3au0v.example:1/ws"
    assert ascii_url("ws://a:b@straße.example/") == "ws://a:b@xn--strae-oqa.example/"
    assert ascii_url("ws://[fe80::1%eth0]:8000/ws") == "ws://[fe80::1%eth0]:8000/ws"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ftp://host/ws",
        "ws://",
        "host:port",
        "ws://host:99999",
        "voice.example：8000",
        "[::1",
        "http://[::1",
        "http://.é",
        "a..b",
        f"{'x' * 64}.example",
        "☃.example",
        "a%ff:b@voice.example",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(VoicechatError, match="not the address of a server") as caught:
        speech_url(address)
    assert caught.value.code is ErrorCode.BAD_SETTING


def test_states_follow_each_other_only_as_stated() -> None:
    assert checked(LinkState.IDLE, LinkState.CONNECTING) is LinkState.CONNECTING
    for old, new in (
        (LinkState.IDLE, LinkState.OPEN),
        (LinkState.FINISHED, LinkState.CONNECTING),
        (LinkState.OPENING, LinkState.STOPPING),
    ):
        with pytest.raises(IllegalTransitionError, match=f"{new.name} can't follow {old.name}"):
            checked(old, new)
