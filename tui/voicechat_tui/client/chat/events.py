"""What a chat client emits: what happens in the chat, and what happens to the connection."""

from typing import Literal

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.chat import (
    ChatEnded,
    ChatError,
    ConnectionEstablished,
    MessageHistory,
    NewMessage,
)
from voicechat_common.protocol.codec import Message
from voicechat_tui.client.connection.core import Retrying


class Connected(Message):
    """The chat is open for the first time; stored messages follow.

    Attributes:
        established: What the server said about the chat.
    """

    type: Literal["connected"] = "connected"
    established: ConnectionEstablished


class Resumed(Message):
    """The chat is open again after an outage; what was missed follows.

    Nobody is typing and nothing is being spoken, until events say otherwise.

    Attributes:
        established: What the server said about the chat.
        missed: How many messages were stored meanwhile.
    """

    type: Literal["resumed"] = "resumed"
    established: ConnectionEstablished
    missed: int


class HistoryRestarted(Message):
    """The server knows fewer messages than were received: it has another history.

    Every message told so far is void; the history follows from its start.
    """

    type: Literal["history_restarted"] = "history_restarted"


class CaughtUp(Message):
    """All messages that were stored before the connection have been emitted.

    Attributes:
        seq: The last one.
    """

    type: Literal["caught_up"] = "caught_up"
    seq: int


class MessageStored(Message):
    """A stored message; each is emitted once, in the order of `seq` without gaps.

    Attributes:
        message: The message. It replaces its partials, and the own text it is.
        seq: Its place in the chat.
    """

    type: Literal["stored"] = "stored"
    message: NewMessage | MessageHistory
    seq: int


class MessagePartial(Message):
    """What is being spoken, in place of what came under the same message_id before.

    Attributes:
        message: All of it so far.
    """

    type: Literal["partial"] = "partial"
    message: NewMessage


class MessageWithdrawn(Message):
    """What was being spoken will not be stored, or it is not known any more whether it is.

    Attributes:
        message_id: Which message.
    """

    type: Literal["withdrawn"] = "withdrawn"
    message_id: str


class TextQueued(Message):
    """An own text waits to be stored.

    Attributes:
        client_message_id: Its name.
        content: What it says.
    """

    type: Literal["queued"] = "queued"
    client_message_id: str
    content: str


class Acked(Message):
    """An own text is durable.

    Attributes:
        client_message_id: Which.
        message_id: What the server calls it.
        seq: Its place in the chat.
    """

    type: Literal["acked"] = "acked"
    client_message_id: str
    message_id: str
    seq: int


class Postponed(Message):
    """An own text could not be stored now, and is sent again by itself.

    Attributes:
        client_message_id: Which.
        in_s: Seconds until then.
        reason: Why, a sentence.
    """

    type: Literal["postponed"] = "postponed"
    client_message_id: str
    in_s: float
    reason: str


class Refused(Message):
    """An own text will not be stored.

    Attributes:
        client_message_id: Which.
        content: What it says, to be corrected.
        code: Why, for programs.
        message: Why, for a person.
        advice: What to do about it.
    """

    type: Literal["refused"] = "refused"
    client_message_id: str
    content: str
    code: ErrorCode | str
    message: str
    advice: str

    @classmethod
    def of(cls, client_message_id: str, content: str, error: ChatError | VoicechatError) -> "Refused":
        """Return the event for a text that is not stored."""
        return cls(
            client_message_id=client_message_id,
            content=content,
            code=error.code,
            message=error.message,
            advice=error.advice,
        )


class PresenceChanged(Message):
    """Somebody has come or gone.

    Attributes:
        user: Who.
        is_present: Whether they have come.
        participants: Everybody who is there now, in the order of their coming.
    """

    type: Literal["presence"] = "presence"
    user: str
    is_present: bool
    participants: tuple[str, ...]


class TypingChanged(Message):
    """Somebody else types or has stopped.

    Attributes:
        user: Who.
        is_typing: Whether they type.
        typing: Everybody who types now.
    """

    type: Literal["typing"] = "typing"
    user: str
    is_typing: bool
    typing: tuple[str, ...]


class NetworkDelay(Message):
    """How long the server took to answer a ping.

    Attributes:
        ms: There and back.
    """

    type: Literal["network_delay"] = "network_delay"
    ms: float


class Failed(Message):
    """The connection was given up. The last event.

    Attributes:
        code: Why, for programs.
        message: Why, for a person.
        advice: What to do about it.
    """

    type: Literal["failed"] = "failed"
    code: ErrorCode
    message: str
    advice: str

    @classmethod
    def of(cls, error: VoicechatError) -> "Failed":
        """Return the event for an error."""
        return cls(code=error.code, message=error.message, advice=error.advice)

    def error(self) -> VoicechatError:
        """Return the error again."""
        return VoicechatError(self.code, self.message, self.advice)


ChatEvent = (
    Connected
    | Resumed
    | HistoryRestarted
    | CaughtUp
    | MessageStored
    | MessagePartial
    | MessageWithdrawn
    | TextQueued
    | Acked
    | Postponed
    | Refused
    | PresenceChanged
    | TypingChanged
    | NetworkDelay
    | ChatEnded
    | ChatError
    | Retrying
    | Failed
)
