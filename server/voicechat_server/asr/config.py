"""The configuration of the recognition engine: plain values. Their defaults and bounds are the settings'."""

from dataclasses import dataclass
from pathlib import Path

from voicechat_common.protocol.speech import ChunkSize

SAMPLE_RATE = 16_000
"""The rate the recogniser works at, in samples a second."""

PRECISIONS = {"cpu": ("int8", "fp32"), "cuda": ("fp16", "bf16", "fp32"), "mps": ("fp32",)}
"""The number formats each kind of device computes in; `auto` takes the first."""

FRAME_SAMPLES = 960
"""Samples of one low-frame-rate frame: six 10 ms shifts, 60 ms."""


MAX_SEGMENT_CHARACTERS = 3_600
"""A segment with this many characters is cut, however long it may last: it must fit into a message."""


@dataclass(frozen=True)
class ModelConfig:
    """Which model to use and where it may come from.

    Attributes:
        name: `paraformer-zh-streaming`, `demo`, or the path of a model directory.
        hub: `ms` (ModelScope) or `hf` (Hugging Face).
        revision: The hub's revision, such as `v2.0.4`.
        cache_dir: Where downloaded models are kept, and kernels compiled for the processor.
    """

    name: str
    hub: str
    revision: str
    cache_dir: Path


@dataclass(frozen=True)
class RecognitionConfig:
    """How audio is stepped through the model.

    Attributes:
        device: `cpu`, `cuda:N` or `mps`; an absent one is an error.
        threads: CPU threads of the model; 0 takes one per core.
        precision: `fp32`, `int8`, `fp16`, `bf16`, or `auto` for the fastest that recognises as well as fp32.
        chunk_size: `[left, step, look-ahead]` in 60 ms frames, unless a stream asks for another.
        encoder_chunk_look_back: Earlier chunks each encoder block attends to; -1 for all of the segment.
        decoder_chunk_look_back: Earlier chunks each decoder block attends to; -1, as 0, for none.
    """

    device: str
    threads: int
    precision: str
    chunk_size: ChunkSize
    encoder_chunk_look_back: int
    decoder_chunk_look_back: int


@dataclass(frozen=True)
class EndpointConfig:
    """How speech is cut into segments.

    Attributes:
        enabled: Whether streams are cut at silences unless they ask otherwise.
        max_end_silence_ms: Silence that ends a segment.
        pre_roll_ms: Audio before the first speech that belongs to the segment.
        max_segment_s: The longest segment, in seconds.
    """

    enabled: bool
    max_end_silence_ms: int
    pre_roll_ms: int
    max_segment_s: float


@dataclass(frozen=True)
class StreamLimits:
    """Bounds that keep accepted streams live.

    Attributes:
        max_streams: Streams at once; None lets the engine measure what it can carry.
        max_lag_s: Undecoded audio of a stream beyond which its socket is not read.
        resume_grace_s: How long a stream that lost its connection is kept.
        idle_timeout_s: How long a stream may take to send its first audio.
        ack_interval_s: The longest time between two `ack`s while audio comes in.
    """

    max_streams: int | None
    max_lag_s: float
    resume_grace_s: float
    idle_timeout_s: float
    ack_interval_s: float = 1.0


@dataclass(frozen=True)
class EngineConfig:
    """The whole configuration of the recognition engine."""

    model: ModelConfig
    recognition: RecognitionConfig
    endpoint: EndpointConfig
    limits: StreamLimits
