"""What the engine says of itself."""

from dataclasses import dataclass
from enum import StrEnum

from voicechat_common.errors import VoicechatError
from voicechat_common.protocol.speech import ChunkSize
from voicechat_server.asr.config import SAMPLE_RATE


class EngineState(StrEnum):
    """How far the engine is."""

    STARTING = "starting"
    DOWNLOADING = "downloading"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True)
class EngineStatus:
    """How far the engine is, for a person.

    Attributes:
        state: The phase it is in.
        detail: One sentence about it.
        progress: Done part of a download, 0 to 1; None where nothing is downloaded.
        error: Why it failed; None unless it did.
    """

    state: EngineState
    detail: str
    progress: float | None = None
    error: VoicechatError | None = None

    @property
    def told(self) -> str:
        """The sentence, with how much of a download is done."""
        done = "" if self.progress is None else f" ({self.progress:.0%} done)"
        return f"{self.detail.rstrip('.')}{done}."


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
