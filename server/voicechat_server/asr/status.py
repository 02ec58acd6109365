"""The state of the engine, as it reports it."""

from dataclasses import dataclass
from enum import StrEnum

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import ChunkSize
from voicechat_server.asr.config import SAMPLE_RATE

RETRY_AFTER_S = 2.0


class EngineState(StrEnum):
    """How far the engine has got."""

    STARTING = "starting"
    DOWNLOADING = "downloading"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True)
class EngineStatus:
    """How far the engine has got, for a person.

    Attributes:
        state: The phase it is in.
        detail: One sentence about it.
        progress: The downloaded part, 0 to 1; None where nothing is downloaded.
        error: Why it failed; None unless it did.
        next_try_at: When the next attempt starts, by `time.monotonic`; None unless one is waited for.
    """

    state: EngineState
    detail: str
    progress: float | None = None
    error: VoicechatError | None = None
    next_try_at: float | None = None

    def next_try_in_s(self, now: float) -> float | None:
        """Return the seconds until the next attempt; None unless one is waited for.

        Args:
            now: The time, by `time.monotonic`.
        """
        return None if self.next_try_at is None else max(0.0, self.next_try_at - now)

    def refusal(self, now: float) -> VoicechatError | None:
        """Return why audio would not be recognised, and when it may be; None if it would.

        Args:
            now: The time, by `time.monotonic`.
        """
        match self.state:
            case EngineState.READY:
                return None
            case EngineState.FAILED if (error := self.error) is not None:
                # Each raise gets its own: a shared error would collect the tracebacks of all.
                return VoicechatError(error.code, error.message, error.advice)
            case EngineState.FAILED | EngineState.STOPPED:
                return VoicechatError(ErrorCode.NOT_READY, self.detail, "Start the server again.")
        pause_s = self.next_try_in_s(now) or 0.0
        return VoicechatError(
            ErrorCode.NOT_READY,
            f"The recogniser is not ready: {self._told(pause_s)}",
            "Try again in a moment; GET /ready says how far it has got.",
            retry_after_s=max(RETRY_AFTER_S, round(pause_s, 1)),
        )

    def _told(self, pause_s: float) -> str:
        sentence = self.detail.rstrip(".")
        if self.next_try_at is not None:
            return f"{sentence}; the next try is in {pause_s:.0f} s."
        return f"{sentence}." if self.progress is None else f"{sentence} ({self.progress:.0%} done)."


@dataclass(frozen=True)
class EngineInfo:
    """What the engine recognises with."""

    model: str
    model_revision: str
    device: str
    precision: str
    chunk_size: ChunkSize
    encoder_chunk_look_back: int
    decoder_chunk_look_back: int
    endpointing: bool
    sample_rate: int = SAMPLE_RATE
