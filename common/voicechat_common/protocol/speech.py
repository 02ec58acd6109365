"""Messages of the speech WebSocket, `/ws`."""

from enum import StrEnum
from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import Field, WithJsonSchema, field_validator

from voicechat_common.names import ChatId, UserName
from voicechat_common.protocol import PROTOCOL_VERSION
from voicechat_common.protocol.codec import Decoder, ErrorMessage, Message
from voicechat_common.protocol.heard import heard

MIN_SAMPLE_RATE = 8_000
MAX_SAMPLE_RATE = 48_000
ID_MAX_LENGTH = 128
MAX_POSITION = 24 * 86_400 * MIN_SAMPLE_RATE
"""The highest position in a stream, in samples: at any rate, its milliseconds fit into 32 bits."""
MAX_FINALS = 10_000_000

# Not every OpenAPI reader understands how JSON Schema describes a tuple.
ChunkSize = Annotated[
    tuple[int, int, int],
    WithJsonSchema({"type": "array", "items": {"type": "integer"}, "minItems": 3, "maxItems": 3}),
]
Identifier = Annotated[str, Field(min_length=1, max_length=ID_MAX_LENGTH)]


def check_chunk_size(value: ChunkSize) -> ChunkSize:
    """Return `[left, step, look-ahead]` in 60 ms frames, or raise ValueError with what is wrong.

    FunASR keeps the last left + look-ahead frames with a slice from the end, which for a sum or a
    look-ahead of zero keeps everything or nothing; hence a look-ahead of at least one frame is required.
    """
    left, step, lookahead = value
    if not 0 <= left <= 30:
        raise ValueError(f"left context must be 0 to 30 frames, not {left}")
    if not 1 <= step <= 60:
        raise ValueError(f"step must be 1 to 60 frames, not {step}")
    if not 1 <= lookahead <= 30:
        raise ValueError(f"look-ahead must be 1 to 30 frames, not {lookahead}")
    return value


class Start(Message):
    """Opens a stream, or resumes one. Optional: without it, the first audio opens one with the defaults."""

    type: Literal["start"] = "start"
    sample_rate: int = Field(16_000, ge=MIN_SAMPLE_RATE, le=MAX_SAMPLE_RATE)
    encoding: Literal["pcm_s16le"] = "pcm_s16le"
    channels: Literal[1] = 1
    user: UserName | None = None
    chat_id: ChatId | None = None
    chunk_size: ChunkSize | None = None
    endpointing: bool | None = None
    stream_id: Identifier | None = None
    finals_received: int = Field(
        0, ge=0, le=MAX_FINALS, description="When resuming: how many finals the client has."
    )
    durable_samples: int = Field(
        0,
        ge=0,
        le=MAX_POSITION,
        description="When resuming: the highest `durable_samples` of an `ack` the client has.",
    )

    @field_validator("chunk_size")
    @classmethod
    def _possible_chunk_size(cls, value: ChunkSize | None) -> ChunkSize | None:
        return value if value is None else check_chunk_size(value)


class Flush(Message):
    """Ends the current segment and keeps the stream open; answered by its final, if any, and an `ack`."""

    type: Literal["flush"] = "flush"


class Stop(Message):
    """Says that there is no more audio: the finals follow, then `done`."""

    type: Literal["stop"] = "stop"


class Ping(Message):
    """Asks for a `pong` with the same `id`."""

    type: Literal["ping"] = "ping"
    id: str | int | None = None


class StreamOrigin(StrEnum):
    """Where the stream of a `ready` comes from."""

    NEW = "new"
    """It is new."""
    HELD = "held"
    """The server had kept it for the client's return; what had been received is still being recognised."""
    RESTORED = "restored"
    """The server had lost it, and continues after what the chat has stored of it."""


class Ready(Message):
    """The stream is open and audio may be sent."""

    type: Literal["ready"] = "ready"
    stream_id: str
    model: str
    chunk_ms: int
    lookahead_ms: int
    received_samples: int = Field(
        0, description="Where to continue after a resume, in the stream's own rate."
    )
    origin: StreamOrigin = StreamOrigin.NEW
    protocol: int = PROTOCOL_VERSION


class Word(NamedTuple):
    """One word or character with its position in the stream."""

    text: str
    start_ms: int
    end_ms: int


class Partial(Message):
    """All of a segment's text so far; replaces what the segment showed before."""

    type: Literal["partial"] = "partial"
    segment: int = Field(ge=0)
    revision: int = Field(ge=0)
    text: str
    start_ms: int = Field(ge=0)
    end_ms: int = Field(ge=0)


class Final(Message):
    """A segment's final text."""

    type: Literal["final"] = "final"
    segment: int = Field(ge=0)
    revision: int = Field(ge=0)
    text: str
    start_ms: int = Field(ge=0)
    end_ms: int = Field(ge=0)
    words: list[Word] = Field(default_factory=list)
    seq: int | None = Field(None, description="Its place in the chat; null where the chat has not stored it.")


class Ack(Message):
    """Return `[left, step, look-ahead]` in 60 ms frames, or raise ValueError saying what is wrong."""

    type: Literal["ack"] = "ack"
    received_samples: int
    decoded_samples: int
    lag_ms: int = Field(description="Audio that was received and is not decoded yet.")
    durable_samples: int | None = Field(
        None, description="Audio whose text is stored, or that has none; null for a stream without a chat."
    )


class Done(Message):
    """The receipt of a stream: every sample received was decoded or dropped."""

    type: Literal["done"] = "done"
    received_ms: int
    decoded_ms: int = Field(description="Audio that endpointing and recognition have dealt with.")
    dropped_ms: int
    silence_ms: int = Field(0, description="The part of decoded_ms that endpointing found silent.")
    segments: int
    received_samples: int
    decoded_samples: int
    dropped_samples: int
    unstored: int = Field(0, description="Segments whose text the chat has refused.")


class Pong(Message):
    """The answer to a `ping`."""

    type: Literal["pong"] = "pong"
    id: str | int | None = None


class Error(ErrorMessage):
    """An error of a stream, or of its connection."""


ClientMessage = Start | Flush | Stop | Ping
StreamEvent = Partial | Final | Ack | Done | Error
"""What happens to a stream."""
ServerMessage = Ready | StreamEvent | Pong
SegmentEvent = Partial | Final

client_decoder: Decoder[ClientMessage] = Decoder(get_args(ClientMessage))
server_decoder: Decoder[ServerMessage] = Decoder(get_args(ServerMessage), heard)
