"""From the name of a model to tools that recognise: resolve, load, measure."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import as_file, files
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import structlog
from numpy.typing import NDArray

from voicechat_common.protocol.speech import ChunkSize
from voicechat_server.asr.capacity.cost import StreamCost
from voicechat_server.asr.capacity.measurement import BATCH_SIZES, batch_size, capacity, measure, overhead
from voicechat_server.asr.capacity.threads import count_threads, count_workers
from voicechat_server.asr.config import FRAME_SAMPLES, SAMPLE_RATE, EngineConfig, ModelConfig
from voicechat_server.asr.models import cache
from voicechat_server.asr.models.directory.files import ModelFiles
from voicechat_server.asr.models.hub.retry import BackOff, HubUnreachableError
from voicechat_server.asr.models.resolving import resolve
from voicechat_server.asr.observer import RecognitionObserver
from voicechat_server.asr.paraformer.state import Chunk, SegmentState
from voicechat_server.asr.recognition.scheduler import Tools
from voicechat_server.asr.status import EngineState, EngineStatus
from voicechat_server.asr.vad.state import WINDOW_SAMPLES, Detector, VadState
from voicechat_server.heap import return_freed_memory

if TYPE_CHECKING:  # torch takes seconds to import, and the server answers before that
    from voicechat_server.asr.paraformer.stepper import ParaformerStepper

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class Found:
    """The results of preparation.

    Attributes:
        model: The model's files.
        precision: The number format it computes with.
        streams: Live streams of the server's chunk size that can be carried.
        cost: What streams of any size cost.
    """

    model: ModelFiles
    precision: str
    streams: int
    cost: StreamCost


def prepare(
    config: EngineConfig,
    report: Callable[[EngineStatus], None],
    found: Callable[[Found], None],
    pause: Callable[[float], None],
    observer: RecognitionObserver,
) -> Tools:
    """Return what the workers recognise with.

    Args:
        config: The configuration of the engine.
        report: Takes the status as it changes.
        found: Takes the results, before the workers start.
        pause: Waits for that many seconds; raises to end the preparation early.
        observer: Hears of failed downloads.

    Raises:
        VoicechatError: The model can't be had, or can't be used.
    """
    model = _find(config.model, report, pause, observer)
    report(EngineStatus(EngineState.LOADING, f"Loading {model.name}."))
    from voicechat_server.asr.models.loading.loader import load
    from voicechat_server.asr.paraformer.network import Network
    from voicechat_server.asr.paraformer.precision import choose
    from voicechat_server.asr.paraformer.stepper import ParaformerStepper
    from voicechat_server.asr.vad.silero import VoiceActivityDetector

    recognition = config.recognition
    threads = count_threads(recognition.threads)
    workers = count_workers(recognition.device, threads)
    loaded = load(model, recognition.device, threads // workers)
    preparing = f"Preparing {model.name} for this processor; the first time takes longer."
    report(EngineStatus(EngineState.LOADING, preparing))
    precision = choose(recognition.precision, next(loaded.model.parameters()).device)
    network = Network(loaded, precision, cache.kernels(config.model.cache_dir))
    del loaded
    return_freed_memory()

    def new_stepper() -> ParaformerStepper:
        return ParaformerStepper(
            network,
            encoder_look_back=recognition.encoder_chunk_look_back,
            decoder_look_back=recognition.decoder_chunk_look_back,
        )

    detector = VoiceActivityDetector()
    # The state of the rehearsed segments goes with the stepper that rehearses.
    cost, carried = _rehearse(new_stepper(), detector, workers, recognition.chunk_size)
    return_freed_memory()
    wanted = config.limits.max_streams
    streams = carried if wanted is None else wanted
    found(Found(model, precision, streams, cost))
    report(EngineStatus(EngineState.READY, f"{model.name} is ready for {streams} streams."))
    return Tools(new_stepper(), detector, cost.batch_size)


def _find(
    config: ModelConfig,
    report: Callable[[EngineStatus], None],
    pause: Callable[[float], None],
    observer: RecognitionObserver,
) -> ModelFiles:
    """Return the files of the model, however long its hub, or the network, stays away."""
    back_off = BackOff()
    most = 0

    def progress(done: int, total: int) -> None:
        nonlocal most
        pause(0)
        if done > most:
            most = done
            back_off.reset()
        report(_downloading(config.name, done, total))

    while True:
        try:
            return resolve(config, progress)
        except HubUnreachableError as error:
            wait_s = back_off.next_s(error.retry_after_s)
            report(
                EngineStatus(EngineState.DOWNLOADING, error.message, next_try_at=time.monotonic() + wait_s)
            )
            log.warning(
                "the model can't be downloaded now",
                reason=error.message,
                advice=error.advice,
                next_try_in_s=round(wait_s, 1),
            )
            observer.download_failed()
            pause(wait_s)
            report(EngineStatus(EngineState.DOWNLOADING, f"Trying again to download {config.name}."))


def _downloading(name: str, done: int, total: int) -> EngineStatus:
    progress = done / total if total else None
    detail = f"Downloading {name}: {done / 1e6:.0f} of {total / 1e6:.0f} MB."
    return EngineStatus(EngineState.DOWNLOADING, detail, progress)


def _rehearse(
    stepper: "ParaformerStepper", detector: Detector, workers: int, chunk_size: ChunkSize
) -> tuple[StreamCost, int]:
    """Warm up by decoding speech in batches of growing sizes, as far as they leave time.

    Returns:
        What streams cost, and how many live ones of the server's chunk size can be carried.
    """
    rehearsals = [_Rehearsal(stepper, detector, chunk_size) for _ in range(workers)]
    chunk_s = chunk_size[1] * FRAME_SAMPLES / SAMPLE_RATE
    with ThreadPoolExecutor(workers, thread_name_prefix="rehearsal") as threads:

        def step_all(size: int) -> None:
            for step in [threads.submit(rehearsal.step, size) for rehearsal in rehearsals]:
                step.result()

        costs = measure(step_all, BATCH_SIZES, give_up_s=chunk_s)
    batch = batch_size(costs)
    cost = StreamCost(chunk_size, batch, overhead(costs, batch))
    streams = capacity(costs[batch], batch, workers, chunk_s)
    milliseconds = {size: round(median(seconds) * 1000, 1) for size, seconds in costs.items()}
    log.info(
        "measured the cost of a batch",
        workers=workers,
        milliseconds=milliseconds,
        batch_size=batch,
        overhead=round(cost.overhead, 2),
        streams=streams,
    )
    return cost, streams


class _Rehearsal:
    """Batches of any size for one worker, as live streams would make them, from a recorded sentence."""

    def __init__(self, stepper: "ParaformerStepper", detector: Detector, chunk_size: ChunkSize) -> None:
        self._stepper = stepper
        self._detector = detector
        self._chunk_size = chunk_size
        self._stride = chunk_size[1] * FRAME_SAMPLES
        self._speech = _speech(at_least=self._stride)
        self._position = 0
        self._states: list[SegmentState] = []
        self._vad_states: list[VadState] = []

    def step(self, size: int) -> None:
        """Judge and step one chunk of each of `size` streams."""
        while len(self._states) < size:
            self._states.append(self._stepper.open(self._chunk_size))
            self._vad_states.append(VadState())
        if self._position + self._stride > len(self._speech):
            self._position = 0
        chunk = self._speech[self._position : self._position + self._stride]
        self._position += self._stride
        windows = chunk[: len(chunk) // WINDOW_SAMPLES * WINDOW_SAMPLES]
        self._detector.probabilities([(windows, state) for state in self._vad_states[:size]])
        self._stepper.step([Chunk(state, chunk) for state in self._states[:size]])


def _speech(at_least: int) -> NDArray[np.float32]:
    resource = files("voicechat_server.asr").joinpath("demo_model", "samples", "phone.wav")
    with as_file(resource) as path:
        audio, _ = soundfile.read(path, dtype="float32")
    repetitions = -(-at_least // len(audio))
    speech: NDArray[np.float32] = np.tile(audio, repetitions)
    return speech
