"""This project's engine alone, at growing batch sizes.

python -m bench.engine MODEL DEVICE PRECISION SIZES REPETITIONS
"""

import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from bench.audio import Audio, Scene, from_offset, recording
from bench.figures import BatchFigures, EngineFigures
from voicechat_server.asr.capacity.threads import count_threads, count_workers
from voicechat_server.asr.config import FRAME_SAMPLES
from voicechat_server.asr.models import cache
from voicechat_server.asr.models.directory.files import ModelFiles
from voicechat_server.asr.models.loading.loader import load
from voicechat_server.asr.paraformer.network import Network
from voicechat_server.asr.paraformer.precision import Precision
from voicechat_server.asr.paraformer.state import Chunk
from voicechat_server.asr.paraformer.stepper import ParaformerStepper
from voicechat_server.settings.model import Settings

_CHUNK_SIZE = (0, 10, 5)
_STRIDE = _CHUNK_SIZE[1] * FRAME_SAMPLES
_WARM_UP_CHUNKS = 6


class _Worker:
    """Steps some of the streams, like one of the server's workers."""

    def __init__(self, stepper: ParaformerStepper, audio: list[Audio]) -> None:
        self._stepper = stepper
        self._streams = [(stepper.open(_CHUNK_SIZE), each) for each in audio]

    def step(self, index: int) -> None:
        """Step the chunk with that index in every stream."""
        chunks = []
        for state, audio in self._streams:
            begin = index * _STRIDE % (len(audio) - _STRIDE)
            chunks.append(Chunk(state, audio[begin : begin + _STRIDE]))
        self._stepper.step(chunks)

    def close(self) -> None:
        """Release the streams."""
        for state, _ in self._streams:
            self._stepper.close(state)


def measure(
    model: Path, device: str, precision: Precision, sizes: list[int], repetitions: int
) -> EngineFigures:
    """Return what a step costs at each number of streams, and what a stream takes."""
    speech = recording(Scene.SPEECH)
    threads = count_threads(0)
    workers = count_workers(device, threads)
    loaded = load(ModelFiles(model, model.name, "local"), device, threads // workers)
    network = Network(loaded, precision, cache.kernels(Settings().cache_dir))
    del loaded
    stepper = ParaformerStepper(network, encoder_look_back=4, decoder_look_back=1)
    with ThreadPoolExecutor(workers) as pool:
        batches = [_batch(pool, workers, stepper, speech, size, repetitions) for size in sizes]
    return EngineFigures(
        precision=precision,
        workers=workers,
        batches=batches,
        state_mb=stepper.state_bytes(_CHUNK_SIZE) / 1e6,
        resident_mb=psutil.Process().memory_info().rss / 1e6,
    )


def _batch(
    pool: ThreadPoolExecutor,
    most_workers: int,
    stepper: ParaformerStepper,
    speech: Audio,
    size: int,
    repetitions: int,
) -> BatchFigures:
    audio = [from_offset(speech, part / size) for part in range(size)]
    count = min(size, most_workers)
    workers = [_Worker(stepper, audio[number::count]) for number in range(count)]
    seconds = []
    for index in range(_WARM_UP_CHUNKS + repetitions):
        began = time.perf_counter()
        for step in [pool.submit(worker.step, index) for worker in workers]:
            step.result()
        seconds.append(time.perf_counter() - began)
    for worker in workers:
        worker.close()
    return BatchFigures(streams=size, step_ms=statistics.median(seconds[_WARM_UP_CHUNKS:]) * 1000)


if __name__ == "__main__":
    _, model, device, precision, sizes, repetitions = sys.argv
    figures = measure(
        Path(model), device, Precision(precision), [int(size) for size in sizes.split(",")], int(repetitions)
    )
    print(figures.model_dump_json())
