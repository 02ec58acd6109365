"""A double of the server's side of `/chatting`, without sockets: it numbers, keeps, and answers."""

from datetime import UTC, datetime

from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.chat import (
    ChatEnded,
    ChatError,
    ChatQuery,
    ChatServerMessage,
    ChatStatus,
    ConnectionEstablished,
    EndChat,
    MessageAck,
    MessageHistory,
    MessageKind,
    NewMessage,
    SendMessage,
    Typing,
    chat_client_decoder,
)
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.speech import Ping, Pong

T0 = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def message(
    seq: int | None,
    content: str = "text",
    speaker: str = "bob",
    message_id: str | None = None,
    **more: object,
) -> NewMessage:
    """A message of a chat; without a seq, a partial."""
    fields: dict[str, object] = {
        "message_id": message_id or f"m{seq}",
        "seq": seq,
        "speaker": speaker,
        "kind": MessageKind.TEXT if seq is not None else MessageKind.SPEECH,
        "content": content,
        "is_partial": seq is None,
        "timestamp": T0,
    }
    return NewMessage.model_validate(fields | more)


class ChatDouble:
    """One chat and the one connection to it.

    Attributes:
        stored: Its messages.
        typed: What the client said of its typing.
        refusals: Codes with which the next texts are refused.
        pings: Ids of the pings that came.
    """

    def __init__(self) -> None:
        self.stored: list[NewMessage] = []
        self.typed: list[bool] = []
        self.refusals: list[ErrorCode] = []
        self.pings: list[str | int | None] = []
        self.user = ""
        self.has_ended = False

    def greet(self, query: ChatQuery, participants: list[str] | None = None) -> list[str]:
        """What a connection is told first."""
        self.user = query.user or "guest-1"
        if query.since > len(self.stored):
            return [encode(_error(ErrorCode.BAD_FIELD, fatal=True))]
        established = ConnectionEstablished(
            chat_id=query.id,
            user=self.user,
            title="Title",
            owner="alice",
            status=ChatStatus.ENDED if self.has_ended else ChatStatus.ACTIVE,
            seq=len(self.stored),
            participants=participants or [self.user],
        )
        history = [MessageHistory(**each.model_dump(exclude={"type"})) for each in self.stored[query.since :]]
        return [encode(established), *map(encode, history)]

    def say(self, content: str, speaker: str = "bob", client_message_id: str | None = None) -> NewMessage:
        """Store what somebody says."""
        new = message(len(self.stored) + 1, content, speaker, client_message_id=client_message_id)
        self.stored.append(new)
        return new

    def handle(self, frame: str | bytes) -> list[str]:
        """Return the frames that answer a frame."""
        return [encode(answer) for answer in self._answers(frame)]

    def _answers(self, frame: str | bytes) -> list[ChatServerMessage]:
        match chat_client_decoder.decode(frame):
            case SendMessage() as sent:
                return self._store(sent)
            case Typing(is_typing=is_typing):
                self.typed.append(is_typing)
                return []
            case Ping(id=name):
                self.pings.append(name)
                return [Pong(id=name)]
            case EndChat():
                self.has_ended = True
                return [ChatEnded(chat_id="c", ended_by=self.user, ended_at=T0)]

    def _store(self, sent: SendMessage) -> list[ChatServerMessage]:
        name = sent.client_message_id
        if self.refusals:
            return [_error(self.refusals.pop(0), client_message_id=name)]
        earlier = [
            each for each in self.stored if each.client_message_id == name and each.speaker == self.user
        ]
        if earlier and earlier[0].content != sent.content:
            return [_error(ErrorCode.ID_TAKEN, client_message_id=name)]
        stored = earlier[0] if earlier else self.say(sent.content, self.user, name)
        ack = MessageAck(client_message_id=name, message_id=stored.message_id, seq=stored.seq or 0)
        return [ack] if earlier else [stored, ack]


def _error(code: ErrorCode, *, fatal: bool = False, client_message_id: str | None = None) -> ChatError:
    return ChatError(
        code=code,
        message="It did not work.",
        advice="Try again.",
        fatal=fatal,
        client_message_id=client_message_id,
    )
