"""The states of a client's connection, and which may follow which."""

from enum import Enum, auto


class LinkState(Enum):
    """Where a connection stands."""

    IDLE = auto()
    """Nothing was tried yet."""
    CONNECTING = auto()
    """The socket is being opened."""
    OPENING = auto()
    """The socket is open; the server has not introduced itself."""
    OPEN = auto()
    """Audio or messages go out, and the server's messages come in."""
    STOPPING = auto()
    """`stop` was sent; a stream's last finals and `done` are to come."""
    WAITING = auto()
    """There is no connection; the next attempt is due after a delay."""
    FINISHED = auto()
    """`done` has come."""
    FAILED = auto()
    """It was given up."""


_FOLLOWING = {
    LinkState.IDLE: {LinkState.CONNECTING},
    LinkState.CONNECTING: {LinkState.OPENING, LinkState.WAITING, LinkState.FAILED},
    LinkState.OPENING: {LinkState.OPEN, LinkState.WAITING, LinkState.FAILED},
    LinkState.OPEN: {LinkState.STOPPING, LinkState.FINISHED, LinkState.WAITING, LinkState.FAILED},
    LinkState.STOPPING: {LinkState.FINISHED, LinkState.WAITING, LinkState.FAILED},
    LinkState.WAITING: {LinkState.CONNECTING},
    LinkState.FINISHED: set[LinkState](),
    LinkState.FAILED: set[LinkState](),
}


class IllegalTransitionError(RuntimeError):
    """A state was to follow one that it can't follow: a mistake in the program."""


def checked(old: LinkState, new: LinkState) -> LinkState:
    """Return the new state.

    Raises:
        IllegalTransitionError: If it can't follow the old one.
    """
    if new not in _FOLLOWING[old]:
        raise IllegalTransitionError(f"{new.name} can't follow {old.name}")
    return new
