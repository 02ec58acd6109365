"""Tokens among WebSocket subprotocols, and which one is answered."""

import pytest

from voicechat_server.identity.subprotocols import chosen, token_of


@pytest.mark.parametrize(
    ("offered", "token", "answer"),
    [
        ([], None, None),
        (["chat", "voicechat"], None, None),
        (["voicechat", "bearer.abc"], "abc", "voicechat"),
        (["bearer.abc", "voicechat"], "abc", "voicechat"),
        (["bearer.abc"], "abc", "bearer.abc"),
        (["chat", "bearer.abc", "bearer.def"], "abc", "bearer.abc"),
        (["bearer", "Bearer.abc"], None, None),
    ],
)
def test_one_that_was_offered_is_answered(offered: list[str], token: str | None, answer: str | None) -> None:
    assert token_of(offered) == token
    assert chosen(offered) == answer
