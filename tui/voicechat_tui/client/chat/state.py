"""The states of a chat connection on the client's side, and which may follow which."""

from enum import Enum, auto

from voicechat_tui.client.connection.transitions import Transitions


class ChatState(Enum):
    """Where a chat connection stands."""

    IDLE = auto()
    """Nothing was tried yet."""
    CONNECTING = auto()
    """The socket is being opened."""
    OPENING = auto()
    """The socket is open; `connection_established` has not come."""
    OPEN = auto()
    """Messages go out and come in."""
    WAITING = auto()
    """There is no connection; the next attempt is due after a delay."""
    FAILED = auto()
    """It was given up."""


checked = Transitions[ChatState](
    {
        ChatState.IDLE: frozenset({ChatState.CONNECTING}),
        ChatState.CONNECTING: frozenset({ChatState.OPENING, ChatState.WAITING, ChatState.FAILED}),
        ChatState.OPENING: frozenset({ChatState.OPEN, ChatState.WAITING, ChatState.FAILED}),
        ChatState.OPEN: frozenset({ChatState.WAITING, ChatState.FAILED}),
        ChatState.WAITING: frozenset({ChatState.CONNECTING}),
        ChatState.FAILED: frozenset(),
    }
).checked
