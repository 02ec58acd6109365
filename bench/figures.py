"""What is measured, in the form of the JSON file."""

from pydantic import BaseModel, Field

CHUNK_MS = 600
"""Audio of one chunk: ten frames of 60 ms, as in FunASR's default of [0, 10, 5]."""


class Machine(BaseModel):
    """Where the measurements were made."""

    processor: str
    cores: int
    memory_gb: float
    device: str
    python: str
    torch: str
    funasr: str


class ArrangementFigures(BaseModel):
    """Another system, in processes that are all busy.

    Attributes:
        system: Its name.
        processes: Processes at once.
        threads: Threads of each.
        chunk_ms: Median time of one chunk in one of them.
        streams: Live streams all of them carry if they do nothing else and the median is never exceeded.
    """

    system: str
    processes: int
    threads: int
    chunk_ms: float
    streams: float


class BatchFigures(BaseModel):
    """One number of streams in this project's engine, which its workers share among themselves.

    Attributes:
        streams: Chunks stepped at once.
        step_ms: Median time until all are stepped.
    """

    streams: int
    step_ms: float

    @property
    def chunk_ms(self) -> float:
        """Time per stream."""
        return self.step_ms / self.streams


class EngineFigures(BaseModel):
    """This project's engine, without a server around it.

    Attributes:
        precision: The number format.
        workers: Threads that step batches of their own.
        batches: By growing number of streams.
        state_mb: Memory of one stream's state.
        resident_mb: Memory of the process with the largest batch.
    """

    precision: str
    workers: int
    batches: list[BatchFigures]
    state_mb: float
    resident_mb: float


class AccuracyFigures(BaseModel):
    """What a number format costs in accuracy, with the demo model, whose weights are trained.

    Attributes:
        precision: The number format.
        characters: Characters that were spoken.
        error_rate: Errors per character.
    """

    precision: str
    characters: int
    error_rate: float


class ClientFigures(BaseModel):
    """What paced clients of a server saw during one trial.

    Attributes:
        streams: Clients that spoke.
        seconds: How long they spoke.
        chunks: Results that were due.
        delay_ms_median: From the end of a chunk, as it was spoken, to its result.
        delay_ms_p99: The same, at the 99th percentile.
        final_ms_median: From the last sample of an utterance to its final, asked for by `flush`; None
            if nobody asked.
        final_ms_worst: The longest of these.
        health_ms_p99: Time of `GET /health`.
        decoded_part: Part of the audio that was not found silent.
        lost_ms: Audio that the receipts don't account for.
    """

    streams: int
    seconds: float
    chunks: int
    delay_ms_median: float
    delay_ms_p99: float
    final_ms_median: float | None
    final_ms_worst: float | None
    health_ms_p99: float
    decoded_part: float
    lost_ms: int

    @property
    def is_live(self) -> bool:
        """Whether 99 of 100 results came before the next chunk ended, and nothing was lost."""
        return self.delay_ms_p99 < CHUNK_MS and self.lost_ms == 0


class SceneFigures(BaseModel):
    """Streams that were sustained live over WebSockets.

    Attributes:
        scene: How people spoke.
        sustained: The trial with the most streams that were live, repeated for longer.
        trials: What the search for it saw.
    """

    scene: str
    sustained: ClientFigures
    trials: list[ClientFigures]


class ServerFigures(BaseModel):
    """A server with real connections.

    Attributes:
        precision: The number format.
        admitted: Streams the server takes by its own measurement, without being told.
        lone: One client alone.
        memory_streams: Streams at which memory was read.
        resident_mb: The most memory the server's process had while so many spoke.
        loading_mb: The most it had before it was ready.
        scenes: Streams sustained.
    """

    precision: str
    admitted: int
    lone: ClientFigures
    memory_streams: int
    resident_mb: float
    loading_mb: float
    scenes: list[SceneFigures]


class Figures(BaseModel):
    """Everything one run measures.

    Attributes:
        left_out: By name, why a system was not measured.
    """

    machine: Machine
    model: str
    quick: bool
    others: list[ArrangementFigures]
    engine: list[EngineFigures]
    accuracy: list[AccuracyFigures]
    server: ServerFigures
    left_out: dict[str, str] = Field(default_factory=dict)
