"""A stepper that recognises nothing: it watches who steps what, for tests of those who ask for steps."""

import random
from collections import defaultdict
from collections.abc import Sequence
from threading import Event, Lock
from typing import cast

from voicechat_common.protocol.speech import ChunkSize
from voicechat_server.asr.paraformer.state import Chunk, SegmentState, Token
from voicechat_server.asr.paraformer.stepper import ParaformerStepper
from voicechat_server.asr.recognition.lane import Lane, Report
from voicechat_server.asr.recognition.scheduler import Tools
from voicechat_server.asr.recognition.session import SpeechSession
from voicechat_server.asr.vad.silero import VoiceActivityDetector

CHUNK_SIZE = (0, 10, 5)
CHUNK = b"\0\0" * 9600
"""Audio of one chunk, 600 ms."""


class WatchingStepper:
    """Stands in for the model.

    Attributes:
        batches: Chunks of each batch.
        heard: Samples of each segment, in the order in which they came.
        states: Segments that are open.
        fault: Raised by every step, if set.
        refused: Chunk sizes for which no state can be had.
    """

    def __init__(self, longest_step_s: float = 0.0) -> None:
        self.batches: list[int] = []
        self.heard: dict[int, list[float]] = defaultdict(list)
        self.states: set[int] = set()
        self.fault: Exception | None = None
        self.refused: set[ChunkSize] = set()
        self._longest_step_s = longest_step_s
        self._opened = 0
        self._stepping: set[int] = set()
        self._computing = Event()
        self._lock = Lock()

    def open(self, chunk_size: ChunkSize) -> SegmentState:
        if chunk_size in self.refused:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        with self._lock:
            self._opened += 1
            self.states.add(self._opened)
            return SegmentState(chunk_size, self._opened)

    def close(self, state: SegmentState) -> None:
        with self._lock:
            assert state.slot not in self._stepping
            self.states.discard(state.slot)

    def step(self, chunks: Sequence[Chunk]) -> list[list[Token]]:
        slots = {chunk.state.slot for chunk in chunks}
        with self._lock:
            assert len(slots) == len(chunks)
            assert not slots & self._stepping
            self._stepping |= slots
            self.batches.append(len(chunks))
        # Steps of several threads overlap, as those of a model do.
        self._computing.wait(random.uniform(0, self._longest_step_s))
        with self._lock:
            self._stepping -= slots
            for chunk in chunks:
                self.heard[chunk.state.slot] += chunk.samples.tolist()
                if chunk.is_final:
                    self.states.discard(chunk.state.slot)
        if self.fault is not None:
            raise self.fault
        return [[] for _ in chunks]

    def tools(self, batch_size: int) -> Tools:
        """Return what workers work with, for streams without endpointing."""
        return Tools(cast("ParaformerStepper", self), cast("VoiceActivityDetector", None), batch_size)


def new_lane(reports: list[Report], chunk_size: ChunkSize = CHUNK_SIZE) -> Lane:
    """Return the lane of a stream without endpointing."""
    return Lane("stream", SpeechSession(chunk_size, None), 16_000, reports.append)
