"""The states of a speech stream on the client's side, and which may follow which."""

from enum import Enum, auto

from voicechat_tui.client.connection.transitions import Transitions


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


checked = Transitions[State](
    {
        State.IDLE: frozenset({State.CONNECTING}),
        State.CONNECTING: frozenset({State.OPENING, State.WAITING, State.FAILED}),
        State.OPENING: frozenset({State.STREAMING, State.WAITING, State.FAILED}),
        State.STREAMING: frozenset({State.STOPPING, State.FINISHED, State.WAITING, State.FAILED}),
        State.STOPPING: frozenset({State.FINISHED, State.WAITING, State.FAILED}),
        State.WAITING: frozenset({State.CONNECTING}),
        State.FINISHED: frozenset(),
        State.FAILED: frozenset(),
    }
).checked
