"""Who is in a chat now, and who types."""

from collections.abc import Iterable, Sequence

from voicechat_common.protocol.chat import Presence, TypingNotice
from voicechat_common.protocol.heard import MOST_ENTRIES
from voicechat_tui.client.chat.events import PresenceChanged, TypingChanged


class People:
    """Everybody's presence, one's own included, as far as the server has announced it."""

    def __init__(self) -> None:
        self._present: dict[str, None] = {}
        self._typing: dict[str, None] = {}

    def opened(self, present: Iterable[str]) -> None:
        """A connection is open, and these are there."""
        self._present = dict.fromkeys(present)
        self._typing.clear()

    def presence(self, notice: Presence) -> Sequence[TypingChanged | PresenceChanged]:
        """Somebody has come or gone; who has gone doesn't type."""
        if notice.is_present:
            _add(self._present, notice.user)
        else:
            self._present.pop(notice.user, None)
        stopped = () if notice.is_present else self.stopped(notice.user)
        changed = PresenceChanged(
            user=notice.user, is_present=notice.is_present, participants=tuple(self._present)
        )
        return *stopped, changed

    def typing(self, notice: TypingNotice) -> Sequence[TypingChanged]:
        """Somebody else types or has stopped, which may be known."""
        if not notice.is_typing:
            return self.stopped(notice.user)
        if notice.user in self._typing:
            return ()
        _add(self._typing, notice.user)
        return (TypingChanged(user=notice.user, is_typing=True, typing=tuple(self._typing)),)

    def stopped(self, user: str) -> Sequence[TypingChanged]:
        """Somebody has stopped typing, as their message shows before the server says so."""
        if user not in self._typing:
            return ()
        del self._typing[user]
        return (TypingChanged(user=user, is_typing=False, typing=tuple(self._typing)),)


def _add(people: dict[str, None], name: str) -> None:
    """Add a name, unless there are as many as any list of a server may have."""
    if len(people) < MOST_ENTRIES:
        people[name] = None
