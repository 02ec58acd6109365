"""Limits how many chats may be created from one source. It has no clock of its own."""

from voicechat_server.chat import failures

AT_ONCE = 1000
A_SECOND = 5.0
"""A team starting its day, or a script that creates a chat for each of its jobs, needs far less."""

_KEPT = 10_000
"""Sources to remember before looking for some that can be forgotten."""


class Creations:
    """Counts recent chat creations by the source of their creators."""

    def __init__(self) -> None:
        self._lately: dict[str, tuple[float, float]] = {}
        self._look_at = _KEPT

    def count(self, source: str, now: float) -> None:
        """Count a chat that is about to be created.

        Args:
            source: Where its creator connects from.
            now: Seconds of any steady clock.

        Raises:
            VoicechatError: `busy`: too many have come from there, so it must not be created.
        """
        lately = self._still_counted(source, now) + 1
        if lately > AT_ONCE:
            raise failures.too_many_chats((lately - AT_ONCE) / A_SECOND)
        self._lately[source] = lately, now
        if len(self._lately) > self._look_at:
            self._lately = {one: self._lately[one] for one in self._lately if self._still_counted(one, now)}
            self._look_at = max(_KEPT, 2 * len(self._lately))

    def _still_counted(self, source: str, now: float) -> float:
        count, then = self._lately.get(source, (0.0, now))
        return max(0.0, count - (now - then) * A_SECOND)
