"""The states of a speech stream on the client's side, and which may follow which."""

from enum import Enum, auto


class State(Enum):
    """Where a stream stands."""

    IDLE = auto()
    """Nothing was tried yet."""
    CONNECTING = auto()
    """The socket is being opened."""
    OPENING = auto()
    """The socket is open; `ready` has not come."""
    STREAMING = auto()
    """Audio goes out, text comes in."""
    STOPPING = auto()
    """`stop` was sent; finals and `done` are to come."""
    WAITING = auto()
    """There is no connection; the next attempt is due after a delay."""
    FINISHED = auto()
    """`done` has come."""
    FAILED = auto()
    """It was given up."""


_NEXT: dict[State, frozenset[State]] = {
    State.IDLE: frozenset({State.CONNECTING}),
    State.CONNECTING: frozenset({State.OPENING, State.WAITING, State.FAILED}),
    State.OPENING: frozenset({State.STREAMING, State.WAITING, State.FAILED}),
    State.STREAMING: frozenset({State.STOPPING, State.FINISHED, State.WAITING, State.FAILED}),
    State.STOPPING: frozenset({State.FINISHED, State.WAITING, State.FAILED}),
    State.WAITING: frozenset({State.CONNECTING}),
    State.FINISHED: frozenset(),
    State.FAILED: frozenset(),
}


class IllegalTransitionError(RuntimeError):
    """A state was to follow one that it can't follow: a mistake in the program."""


def checked(old: State, new: State) -> State:
    """Return the new state.

    Raises:
        IllegalTransitionError: If it can't follow the old one.
    """
    if new not in _NEXT[old]:
        raise IllegalTransitionError(f"{new.name} can't follow {old.name}")
    return new
