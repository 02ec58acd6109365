"""How many chats may be created from one place, without a clock."""

from voicechat_server.chat import failures

AT_ONCE = 1000
A_SECOND = 5.0
"""A team that begins its day, or a script that makes a chat for each of its jobs, needs far less."""

_KEPT = 10_000
"""Places that are remembered before those are looked for that may be forgotten."""


class Creations:
    """The chats that were created lately, by where their creators come from."""

    def __init__(self) -> None:
        self._lately: dict[str, tuple[float, float]] = {}
        self._look_at = _KEPT

    def count(self, source: str, now: float) -> None:
        """Count a chat that is to be created.

        Args:
            source: Where its creator comes from.
            now: Seconds of any steady clock.

        Raises:
            VoicechatError: `busy`: too many have come from there, and none is to be created.
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
