"""Who types, as the others are told."""

import asyncio
from collections.abc import Callable

from voicechat_server.chat.live.pace import Pace

TYPING_S = 6.0
"""Somebody who types says so every few seconds; without a word for so long they have stopped."""

NOTICE_S = 1.0
"""The others are told of one person at most so often, whatever that person's client sends."""


class Typist:
    """One person who types, or has lately.

    Args:
        tell: Tells the others whether they type.
        on_rest: Called when they don't, everybody knows, and the next word of it may be told at once.
    """

    def __init__(self, tell: Callable[[bool], None], on_rest: Callable[[], None]) -> None:
        self.types = False
        self._tell = tell
        self._on_rest = on_rest
        self._told = False
        self._until = 0.0
        self._expiry: asyncio.TimerHandle | None = None
        self._pace = Pace(NOTICE_S, self._tell_change)

    def start(self) -> None:
        """Note that they type, which holds for a while."""
        self.types = True
        self._until = asyncio.get_running_loop().time() + TYPING_S
        # One timer at a time, however often they say so.
        if self._expiry is None:
            self._expire()
        self._pace.changed()

    def stop(self) -> None:
        """Note that they have stopped."""
        self.types = False
        self._pace.changed()

    def forget(self) -> None:
        """Tell nothing more."""
        self._pace.cancel()
        if self._expiry is not None:
            self._expiry.cancel()

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        left_s = self._until - loop.time()
        self._expiry = loop.call_later(left_s, self._expire) if left_s > 0 else None
        if self._expiry is None:
            self.stop()

    def _tell_change(self) -> bool:
        if self.types == self._told:
            if not self.types:
                self._on_rest()
            return False
        self._told = self.types
        self._tell(self.types)
        return True
