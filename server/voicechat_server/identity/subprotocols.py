"""Tokens as WebSocket subprotocols, the one thing that a page can send along with a handshake. Pure."""

from collections.abc import Sequence

PREFIX = "bearer."
NAME = "voicechat"
"""What a page offers beside its token, to be answered with it."""


def token_of(offered: Sequence[str]) -> str | None:
    """Return the token among the subprotocols that a client offers, or None."""
    return next((each.removeprefix(PREFIX) for each in offered if each.startswith(PREFIX)), None)


def chosen(offered: Sequence[str]) -> str | None:
    """Return the subprotocol to answer with, or None for none.

    A browser closes a connection that isn't answered with one it has offered. So who offers a token gets
    `voicechat` if they offer that too, else the token itself, which goes back only to who sent it.
    """
    if token_of(offered) is None:
        return None
    return NAME if NAME in offered else next(each for each in offered if each.startswith(PREFIX))
