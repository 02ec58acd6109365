"""Lengths of time as people write them."""

from datetime import timedelta

import pytest

from voicechat_server.identity.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90m", timedelta(minutes=90)),
        ("12h", timedelta(hours=12)),
        ("30d", timedelta(days=30)),
        (" 52W ", timedelta(weeks=52)),
    ],
)
def test_a_length_is_a_number_and_a_unit(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text", ["", "30", "d", "0d", "-1d", "1.5h", "30 days", "1y", "999999999w", "36501d", "٣d", "3d\x00"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"length of time|hundred years"):
        parse_duration(text)
