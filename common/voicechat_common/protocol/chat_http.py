"""Bodies of the chat's HTTP calls."""

from enum import StrEnum

from pydantic import ConfigDict, Field, StrictBool

from voicechat_common.names import ClientMessageId, Content, Title, UserName
from voicechat_common.protocol.chat import ChatStatus, MessageKind
from voicechat_common.protocol.codec import Message, Moment

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000


class ExportFormat(StrEnum):
    """The formats in which a chat can be exported."""

    TXT = "txt"
    MD = "md"
    SRT = "srt"
    JSON = "json"


class HistoryMessage(Message):
    """A stored message."""

    id: str = Field(examples=["5f0c7e7e0b6f4f5c9b0f4f8f3c1d2e3a"])
    seq: int = Field(ge=1, description="Its place in the chat, from 1 on without gaps.", examples=[1])
    speaker: str = Field(examples=["alice"])
    kind: MessageKind
    content: str = Field(examples=["Hello!"])
    timestamp: Moment
    client_message_id: str | None = None
    start_ms: int | None = Field(None, description="Speech: where it begins in its stream.")
    end_ms: int | None = Field(None, description="Speech: where it ends in its stream.")


class ChatSummary(Message):
    """A chat as an entry in a list."""

    chat_id: str = Field(examples=["test_chat_001"])
    title: str = Field(examples=["Monday meeting"])
    status: ChatStatus
    owner: str = Field(examples=["alice"])
    created_at: Moment
    ended_at: Moment | None
    message_count: int = Field(ge=0, description="Stored messages; also the seq of the last one.")
    is_private: bool = Field(False, description="Whether only its owner and its members see it.")
    last_message: HistoryMessage | None


class ChatList(Message):
    """`GET /chat/list`: the chats a person takes part in, the newest first."""

    user_id: str
    chat_list: list[ChatSummary]


class ChatDetail(Message):
    """`GET /chat/{chat_id}`: a chat and a page of its messages."""

    chat_id: str = Field(examples=["test_chat_001"])
    title: str = Field(examples=["Monday meeting"])
    status: ChatStatus
    owner: str = Field(examples=["alice"])
    created_at: Moment
    ended_at: Moment | None
    message_count: int = Field(ge=0, description="Stored messages; also the seq of the last one.")
    is_private: bool = Field(False, description="Whether only its owner and its members see it.")
    participants: list[str] = Field(description="Who has taken part, in the order of their coming.")
    messages: list[HistoryMessage] = Field(description="Messages after `since`, in order, at most `limit`.")


class CreateChat(Message):
    """The body of `POST /chat`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"user_id": "alice", "title": "Monday meeting"}]}
    )

    user_id: UserName = Field(description="Who owns the chat and may end it.")
    title: Title
    is_private: StrictBool = Field(False, description="Whether only its owner and its members are to see it.")


class Members(Message):
    """`GET /chat/{chat_id}/members`: who sees a private chat."""

    owner: str
    members: list[str] = Field(description="Whoever else, in the order of their addition.")


class NameMember(Message):
    """The body of calls that are about one person in a chat."""

    user_id: UserName = Field(description="Who: the name in their token.")


class InviteToChat(Message):
    """The body of `POST /chat/{chat_id}/invitations`."""

    many: StrictBool = Field(False, description="Whether it may be used any number of times.")
    expires: str = Field(
        "7d", pattern="^[1-9][0-9]{0,2}[mhdw]$", description="How long it is valid: 90m, 12h, 7d, 52w."
    )


class ChatInvitation(Message):
    """The answer to `POST /chat/{chat_id}/invitations`."""

    invitation: str = Field(description="A link is the server's address, `/#invitation=` and this.")
    invitation_id: str = Field(description="By what it is revoked.")
    expires_at: Moment


class PostMessage(Message):
    """The body of `POST /chat/{chat_id}/messages`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"user_id": "alice", "content": "Hello!", "client_message_id": "alice-0001"}]
        }
    )

    user_id: UserName = Field(description="Who says it.")
    content: Content
    client_message_id: ClientMessageId | None = Field(
        None,
        description="Makes it safe to send the same text again: it is stored once, and gets the same answer. "
        "An id that names another text already is refused.",
    )


class PostedMessage(Message):
    """The answer to `POST /chat/{chat_id}/messages`: the message is durable."""

    message_id: str
    seq: int = Field(ge=1)
    client_message_id: str | None
    timestamp: Moment
