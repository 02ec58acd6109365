"""How many chats may be created from one place."""

import pytest

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.chat.creations import A_SECOND, AT_ONCE, Creations


def test_many_chats_may_be_created_at_once_and_some_each_second() -> None:
    creations = Creations()
    for _ in range(AT_ONCE):
        creations.count("a", 100.0)
    with pytest.raises(VoicechatError) as caught:
        creations.count("a", 100.0)
    assert caught.value.code is ErrorCode.BUSY
    assert caught.value.retry_after_s
    for second in range(101, 110):
        for _ in range(round(A_SECOND)):
            creations.count("a", float(second))
        with pytest.raises(VoicechatError):
            creations.count("a", float(second))
    for _ in range(AT_ONCE):
        creations.count("a", 10_000.0)


def test_one_place_has_nothing_to_do_with_another() -> None:
    creations = Creations()
    for number in range(20_000):
        creations.count(f"{number}", 0.0)
    for _ in range(AT_ONCE):
        creations.count("a", 0.0)
    with pytest.raises(VoicechatError):
        creations.count("a", 0.0)
    creations.count("b", 0.0)
