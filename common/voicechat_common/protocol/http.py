"""Bodies of the HTTP calls."""

from enum import StrEnum

from pydantic import Field

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol import PROTOCOL_VERSION
from voicechat_common.protocol.codec import Message, Moment
from voicechat_common.protocol.speech import ChunkSize


class HealthStatus(StrEnum):
    """How the server as a whole is doing."""

    STARTING = "starting"
    HEALTHY = "healthy"
    DEGRADED = "degraded"


class ErrorDetail(Message):
    """What went wrong, and what to do."""

    code: ErrorCode | str = Field(description="A stable name that programs can test.", examples=["not_ready"])
    message: str = Field(description="What happened, for a person.")
    advice: str = Field(description="What to do about it, for a person.")
    retry_after_s: float | None = Field(None, description="When the same request may succeed, where known.")

    @classmethod
    def of(cls, error: VoicechatError) -> "ErrorDetail":
        """Return an error in its wire format."""
        return cls(
            code=error.code, message=error.message, advice=error.advice, retry_after_s=error.retry_after_s
        )


class ErrorBody(Message):
    """The body of every HTTP error response."""

    error: ErrorDetail


class ServerInfo(Message):
    """`GET /`: what this server is and where its parts are."""

    name: str = Field(examples=["voicechat"])
    version: str = Field(examples=["0.1.0"])
    status: HealthStatus
    model: str = Field(description="The model that recognises.", examples=["paraformer-zh-streaming"])
    endpoints: dict[str, str] = Field(description="What each path is for.", examples=[{"/ws": "speech"}])


class Versions(Message):
    """Versions of the server's components; None for a component that isn't installed."""

    voicechat: str
    protocol: int = PROTOCOL_VERSION
    python: str
    funasr: str | None
    torch: str | None


class Health(Message):
    """`GET /health`: answered with 200 as long as the process is alive."""

    status: HealthStatus
    asr_available: bool = Field(description="Whether audio would be recognised now.")
    active_connections: int = Field(ge=0, description="WebSockets that are open.")
    total_chats: int = Field(ge=0, description="Chats the server knows.")
    timestamp: Moment = Field(description="The server's clock, with its offset.")
    uptime_s: float = Field(ge=0, description="Seconds since the start.")
    versions: Versions


class Readiness(Message):
    """`GET /ready`: 200 only if the server can recognise audio now, otherwise 503 with the reason."""

    ready: bool
    state: str = Field(description="What the recogniser is doing.", examples=["downloading"])
    detail: str = Field(description="The same in a sentence.", examples=["Downloading model.pt."])
    progress: float | None = Field(None, ge=0, le=1, description="How much of the download is there.")
    next_try_in_s: float | None = Field(
        None, ge=0, description="Seconds until what went wrong is tried again; null where nothing is."
    )
    error: ErrorDetail | None = None
    places_free: int | None = Field(
        None, ge=0, description="Streams that could be opened now; null while it isn't known."
    )


class AsrInfo(Message):
    """`GET /asr/info`: how audio is recognised, and what to send."""

    status: str = Field(description="What the recogniser is doing.", examples=["ready"])
    model: str = Field(examples=["paraformer-zh-streaming"])
    model_revision: str = Field(examples=["v2.0.4"])
    device: str = Field(examples=["cpu"])
    precision: str = Field(examples=["fp32"])
    sample_rate: int = Field(description="The recogniser's own rate, in samples a second.", examples=[16_000])
    encoding: str = Field("pcm_s16le", description="16-bit signed little-endian samples, one channel.")
    chunk_size: ChunkSize = Field(description="[left, step, look-ahead] in 60 ms frames.")
    chunk_ms: int = Field(description="Audio that is recognised at a time.", examples=[600])
    stride_size: int = Field(description="The same in samples.", examples=[9_600])
    bytes_per_frame: int = Field(
        description="The same in bytes: a good size for a binary frame, though any is taken.",
        examples=[19_200],
    )
    encoder_chunk_look_back: int = Field(description="Earlier chunks the encoder sees; -1 for all.")
    decoder_chunk_look_back: int = Field(description="Earlier chunks the decoder sees; none for -1.")
    endpointing: bool = Field(description="Whether streams are cut at silences unless they ask otherwise.")
    streams_now: int = Field(ge=0, description="Streams that are open.")
    streams_max: int | None = Field(description="Streams of chunk_size at once; null while it isn't known.")
