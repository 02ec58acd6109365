"""The pauses before what failed is tried again, and what a header asks for."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from voicechat_common.retry_after import seconds_of
from voicechat_server.asr.models.hub.retry import FIRST_S, LONGEST_ASKED_S, LONGEST_S, BackOff


def test_pauses_double_up_to_the_longest() -> None:
    pauses = BackOff(lambda: 1.0)
    assert [pauses.next_s(None) for _ in range(7)] == [2, 4, 8, 16, 32, 60, 60]
    pauses.reset()
    assert pauses.next_s(None) == FIRST_S


def test_chance_takes_up_to_half_away() -> None:
    pauses = BackOff(lambda: 0.0)
    assert [pauses.next_s(None) for _ in range(3)] == [1, 2, 4]
    spread = {BackOff().next_s(None) for _ in range(50)}
    assert len(spread) > 25
    assert all(FIRST_S / 2 <= pause <= FIRST_S for pause in spread)


def test_the_hub_is_left_alone_as_long_as_it_asks_within_reason() -> None:
    pauses = BackOff(lambda: 1.0)
    assert pauses.next_s(120.0) == 120 + FIRST_S
    for _ in range(9):
        pauses.next_s(None)
    assert pauses.next_s(1e9) == LONGEST_ASKED_S + LONGEST_S


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("0", 0.0), (" 17 ", 17.0), ("soon", None), ("-5", None), ("9" * 5000, None), ("", None)],
)
def test_seconds(header: str | None, seconds: float | None) -> None:
    assert seconds_of(header) == seconds


def test_dates() -> None:
    now = datetime.now(UTC)
    later = seconds_of(format_datetime(now + timedelta(minutes=5), usegmt=True))
    assert later is not None
    assert 290 < later <= 300
    assert seconds_of(format_datetime(now - timedelta(minutes=5), usegmt=True)) == 0
