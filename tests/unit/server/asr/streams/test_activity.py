"""What of a stream's audio is worth a place."""

from hypothesis import given
from hypothesis import strategies as st

from voicechat_server.asr.streams.activity import BEGUN_S, WINDOW_S, WORTH_S, Activity

RATE = 16_000
SECOND = 2 * RATE
PACKET_S = 0.1


def packet(seconds: float) -> int:
    return round(seconds * SECOND)


@given(pause_s=st.floats(0, 100))
def test_who_talks_is_not_idle(pause_s: float) -> None:
    activity = Activity(RATE, 0.0)
    now = pause_s
    for _ in range(100):
        now += PACKET_S
        activity.take(packet(PACKET_S), now)
    assert activity.idle_s(now) <= WORTH_S


@given(begins_s=st.floats(0, 1000))
def test_who_begins_to_talk_is_soon_not_idle_any_more(begins_s: float) -> None:
    activity = Activity(RATE, 0.0)
    for number in range(round(2 * WORTH_S / PACKET_S)):
        activity.take(packet(PACKET_S), begins_s + number * PACKET_S)
    assert activity.idle_s(begins_s + 2 * WORTH_S) <= 2 * WORTH_S


@given(st.lists(st.floats(0.01, 2 * WINDOW_S), min_size=1, max_size=50))
def test_a_byte_now_and_then_is_worth_nothing(pauses_s: list[float]) -> None:
    activity = Activity(RATE, 0.0)
    now = 0.0
    for pause_s in pauses_s:
        now += pause_s
        activity.take(1, now)
    assert activity.idle_s(now) == now


def test_a_tenth_of_real_time_is_worth_a_place_and_less_is_not() -> None:
    used, idle = Activity(RATE, 0.0), Activity(RATE, 0.0)
    now = 0.0
    while now < 60:
        now += 1.0
        used.take(packet(WORTH_S / WINDOW_S), now)
        idle.take(packet(0.9 * WORTH_S / WINDOW_S), now)
    assert used.idle_s(now) <= 2 * WINDOW_S
    assert idle.idle_s(now) == now


def test_a_stream_has_begun_with_its_first_real_audio() -> None:
    activity = Activity(RATE, 0.0)
    activity.take(packet(BEGUN_S) - 1, 100.0)
    assert not activity.has_begun
    activity.take(1, 200.0)
    assert activity.has_begun
