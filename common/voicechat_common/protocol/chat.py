"""Messages of the chat WebSocket, `/chatting`."""

from enum import StrEnum
from typing import Literal, get_args

from pydantic import Field

from voicechat_common.names import ChatId, ClientMessageId, Content, UserName
from voicechat_common.protocol import PROTOCOL_VERSION
from voicechat_common.protocol.codec import Decoder, ErrorMessage, Message, Moment
from voicechat_common.protocol.heard import heard
from voicechat_common.protocol.speech import Ping, Pong


class ChatStatus(StrEnum):
    """Whether a chat accepts messages."""

    ACTIVE = "active"
    ENDED = "ended"


class MessageKind(StrEnum):
    """How a message was made."""

    TEXT = "text"
    SPEECH = "speech"


class ChatQuery(Message):
    """The query of the address: which chat, who, and what they have already."""

    id: ChatId
    user: UserName | None = None
    since: int = Field(0, ge=0, description="The last `seq` the client has; 0 for none.")
    is_private: bool | None = Field(None, description="Whether the chat is private if this creates it.")


class SendMessage(Message):
    """Posts a message; answered by `message_ack` once it is durable, or by an `error`."""

    type: Literal["message"] = "message"
    content: Content
    client_message_id: ClientMessageId | None = None


class Typing(Message):
    """Says that the person is typing, or has stopped."""

    type: Literal["typing"] = "typing"
    is_typing: bool = True


class EndChat(Message):
    """Ends the chat for good; only its owner may."""

    type: Literal["end_chat"] = "end_chat"


class ConnectionEstablished(Message):
    """The first message of a connection; what the client lacks follows as `message_history`."""

    type: Literal["connection_established"] = "connection_established"
    chat_id: str
    user: str
    title: str
    owner: str
    status: ChatStatus
    seq: int = Field(ge=0, description="The last stored message's seq.")
    participants: list[str] = Field(description="Who is connected now, this user included.")
    protocol: int = PROTOCOL_VERSION
    is_private: bool = Field(False, description="Whether only its owner and its members see the chat.")


class _ChatMessage(Message):
    message_id: str
    seq: int | None = Field(description="Its place in the chat; null for a partial, which is not stored.")
    speaker: str
    kind: MessageKind
    content: str
    is_partial: bool = False
    revision: int = Field(0, ge=0, description="Grows with every message of the same message_id.")
    timestamp: Moment
    client_message_id: str | None = None
    start_ms: int | None = Field(None, description="Speech: where it begins in its stream.")
    end_ms: int | None = Field(None, description="Speech: where it ends in its stream.")


class MessageHistory(_ChatMessage):
    """A stored message from before the connection."""

    type: Literal["message_history"] = "message_history"


class NewMessage(_ChatMessage):
    """A live message.

    Speech comes as one message_id whose partials replace each other; an empty one withdraws it.
    """

    type: Literal["new_message"] = "new_message"


class Presence(Message):
    """A person has come or gone; a person with several connections counts once."""

    type: Literal["presence"] = "presence"
    user: str
    is_present: bool
    count: int = Field(ge=0, description="People connected now.")


class TypingNotice(Message):
    """Another person is typing, or has stopped."""

    type: Literal["typing"] = "typing"
    user: str
    is_typing: bool


class MessageAck(Message):
    """The message is durable."""

    type: Literal["message_ack"] = "message_ack"
    client_message_id: str | None
    message_id: str
    seq: int


class ChatEnded(Message):
    """The chat accepts no more messages; speech in progress is withdrawn."""

    type: Literal["chat_ended"] = "chat_ended"
    chat_id: str
    ended_by: str
    ended_at: Moment


class ChatError(ErrorMessage):
    """An error of a chat, or of its connection."""

    client_message_id: str | None = Field(
        None, description="The message that was not stored, if it is about one."
    )


ChatClientMessage = SendMessage | Typing | Ping | EndChat
ChatServerMessage = (
    ConnectionEstablished
    | MessageHistory
    | NewMessage
    | Presence
    | TypingNotice
    | MessageAck
    | ChatEnded
    | Pong
    | ChatError
)

chat_client_decoder: Decoder[ChatClientMessage] = Decoder(get_args(ChatClientMessage))
chat_server_decoder: Decoder[ChatServerMessage] = Decoder(get_args(ChatServerMessage), heard)
