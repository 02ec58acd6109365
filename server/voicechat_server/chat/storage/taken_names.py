"""The names of a chat's participants, and whether another could be mistaken for one of them."""

from collections.abc import Iterable, Iterator

from voicechat_common.likeness import likeness


class TakenNames:
    """The names of a chat. Their likenesses are computed only when a newcomer is compared with them.

    Args:
        names: The initial names.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = set(names)
        self._looks: dict[tuple[int, str], str] | None = None

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def __len__(self) -> int:
        return len(self._names)

    def add(self, name: str) -> None:
        """Add a name."""
        self._names.add(name)
        if self._looks is not None:
            self._looks |= dict.fromkeys(_looks(name), name)

    def like(self, name: str) -> str | None:
        """Return a name, other than itself, that this one could be mistaken for, or None."""
        if self._looks is None:
            self._looks = {look: each for each in self._names for look in _looks(each)}
        found = (self._looks.get(look) for look in _looks(name))
        return next((each for each in found if each not in (None, name)), None)


def _looks(name: str) -> Iterator[tuple[int, str]]:
    return enumerate(likeness(name))
