"""When to announce that this person is typing."""

from voicechat_common.protocol.chat import Typing


class OwnTyping:
    """Turns every key that is pressed into as few messages as others need.

    Args:
        repeat_s: How often it is repeated that somebody is still typing.
    """

    def __init__(self, repeat_s: float) -> None:
        self._repeat_s = repeat_s
        self._told_at: float | None = None
        self._due: Typing | None = None

    def set(self, now: float, *, is_typing: bool) -> None:
        """Note that the person is typing, or has stopped typing."""
        if is_typing:
            if self._told_at is None or now - self._told_at >= self._repeat_s:
                self._told_at = now
                self._due = Typing(is_typing=True)
        elif self._told_at is not None:
            self._told_at = None
            self._due = Typing(is_typing=False)

    def stopped(self) -> None:
        """What was typed was sent, or the connection is lost: others know that the person has stopped."""
        self._told_at = None
        self._due = None

    def next_message(self) -> Typing | None:
        """Return what is to be sent now, or None."""
        due, self._due = self._due, None
        return due
