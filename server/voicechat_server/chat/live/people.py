"""Who is in a room, and what each of them knows of the others."""

from collections import Counter
from collections.abc import Iterable

from voicechat_server.chat.live import wire
from voicechat_server.chat.live.hub import Broadcast, Receiver


class People:
    """The people of one room, each with one connection or several."""

    def __init__(self) -> None:
        self._connections: Counter[str] = Counter()
        self._known: dict[Receiver, frozenset[str]] = {}

    def __len__(self) -> int:
        return len(self._connections)

    @property
    def present(self) -> list[str]:
        """Who is present, in order of arrival."""
        return list(self._connections)

    def enter(self, user: str, receiver: Receiver) -> None:
        """Add a connection of somebody, whose client knows who is present now."""
        self._connections[user] += 1
        self._known[receiver] = frozenset(self._connections)

    def leave(self, user: str, receiver: Receiver) -> bool:
        """Remove a connection of somebody; return whether that was their last."""
        self._known.pop(receiver, None)
        self._connections[user] -= 1
        if self._connections[user]:
            return False
        del self._connections[user]
        return True

    def take_news(self) -> list[tuple[Broadcast, list[Receiver]]]:
        """Return what has to be sent so that each connection knows who is present, and count it as sent.

        Whoever came and went in between is not mentioned to anybody.
        """
        now = frozenset(self._connections)
        uninformed: dict[frozenset[str], list[Receiver]] = {}
        for receiver, known in self._known.items():
            if known != now:
                uninformed.setdefault(known, []).append(receiver)
        for receivers in uninformed.values():
            self._known.update(dict.fromkeys(receivers, now))
        return [
            (notice, receivers)
            for known, receivers in uninformed.items()
            for notice in self._changes_since(known)
        ]

    def _changes_since(self, known: frozenset[str]) -> Iterable[Broadcast]:
        count = len(known)
        for user in sorted(known - self._connections.keys()):
            count -= 1
            yield wire.presence(user, is_present=False, count=count)
        for user in self._connections:
            if user not in known:
                count += 1
                yield wire.presence(user, is_present=True, count=count)
