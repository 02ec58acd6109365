"""Who is typing, as announced to the others."""

import asyncio
from collections.abc import Callable

from voicechat_server.chat.live.pace import Pace

TYPING_S = 6.0
"""Clients repeat every few seconds that somebody is typing; after this long without it they have stopped."""

NOTICE_S = 1.0
"""The shortest time between two notices about one person, whatever that person's client sends."""


class Typist:
    """One person who is typing, or was lately.

    Args:
        announce: Announces whether they are typing.
        on_rest: Called once they have stopped, everybody knows, and the interval is over.
    """

    def __init__(self, announce: Callable[[bool], None], on_rest: Callable[[], None]) -> None:
        self.is_typing = False
        self._announce = announce
        self._on_rest = on_rest
        self._announced = False
        self._until = 0.0
        self._expiry: asyncio.TimerHandle | None = None
        self._pace = Pace(NOTICE_S, self._announce_change)

    def start(self) -> None:
        """Note that they are typing, which is assumed for a while."""
        self.is_typing = True
        self._until = asyncio.get_running_loop().time() + TYPING_S
        # One timer at a time, however often this is repeated.
        if self._expiry is None:
            self._expire()
        self._pace.changed()

    def stop(self) -> None:
        """Note that they have stopped."""
        self.is_typing = False
        self._pace.changed()

    def forget(self) -> None:
        """Announce nothing more."""
        self._pace.cancel()
        if self._expiry is not None:
            self._expiry.cancel()

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        left_s = self._until - loop.time()
        self._expiry = loop.call_later(left_s, self._expire) if left_s > 0 else None
        if self._expiry is None:
            self.stop()

    def _announce_change(self) -> bool:
        if self.is_typing == self._announced:
            if not self.is_typing:
                self._on_rest()
            return False
        self._announced = self.is_typing
        self._announce(self.is_typing)
        return True
