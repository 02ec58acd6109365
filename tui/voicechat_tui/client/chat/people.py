"""Who is in a chat now, and who types."""

from collections.abc import Iterable

from voicechat_common.protocol.chat import Presence, TypingNotice
from voicechat_tui.client.chat.events import PresenceChanged, TypingChanged


class People:
    """Everybody else's and one's own presence, as far as it was told."""

    def __init__(self) -> None:
        self._present: dict[str, None] = {}
        self._typing: dict[str, None] = {}

    def opened(self, present: Iterable[str]) -> None:
        """A connection is open, and these are there."""
        self._present = dict.fromkeys(present)
        self._typing.clear()

    def presence(self, notice: Presence) -> PresenceChanged:
        """Somebody has come or gone."""
        if notice.is_present:
            self._present[notice.user] = None
        else:
            self._present.pop(notice.user, None)
        return PresenceChanged(
            user=notice.user, is_present=notice.is_present, participants=tuple(self._present)
        )

    def typing(self, notice: TypingNotice) -> TypingChanged:
        """Somebody else types or has stopped."""
        if notice.is_typing:
            self._typing[notice.user] = None
        else:
            self._typing.pop(notice.user, None)
        return TypingChanged(user=notice.user, is_typing=notice.is_typing, typing=tuple(self._typing))
