"""This project's engine by itself, at growing batch sizes.

python -m bench.engine MODEL DEVICE PRECISION SIZES REPETITIONS
"""

import statistics
import sys
import time
from pathlib import Path

import psutil

from bench.audio import Audio, Scene, from_offset, recording
from bench.figures import BatchFigures, EngineFigures
from voicechat_server.asr.config import FRAME_SAMPLES
from voicechat_server.asr.models import ModelFiles, load
from voicechat_server.asr.paraformer.precision import Precision, convert
from voicechat_server.asr.paraformer.state import Chunk
from voicechat_server.asr.paraformer.stepper import ParaformerStepper

_CHUNK_SIZE = (0, 10, 5)
_STRIDE = _CHUNK_SIZE[1] * FRAME_SAMPLES
_WARM_UP_CHUNKS = 6


def measure(
    model: Path, device: str, precision: Precision, sizes: list[int], repetitions: int
) -> EngineFigures:
    """Return what a step costs at each batch size, and what a stream takes."""
    speech = recording(Scene.SPEECH)
    loaded = load(ModelFiles(model, model.name, "local"), device, threads=0)
    convert(loaded.model, precision)
    stepper = ParaformerStepper(loaded, encoder_look_back=4, decoder_look_back=1)
    return EngineFigures(
        precision=precision,
        batches=[_batch(stepper, speech, size, repetitions) for size in sizes],
        state_mb=stepper.state_bytes(_CHUNK_SIZE) / 1e6,
        resident_mb=psutil.Process().memory_info().rss / 1e6,
    )


def _batch(stepper: ParaformerStepper, speech: Audio, size: int, repetitions: int) -> BatchFigures:
    streams = [(stepper.open(_CHUNK_SIZE), from_offset(speech, part / size)) for part in range(size)]
    seconds = []
    for index in range(_WARM_UP_CHUNKS + repetitions):
        begin = index * _STRIDE % (len(speech) - _STRIDE)
        batch = [Chunk(state, audio[begin : begin + _STRIDE]) for state, audio in streams]
        began = time.perf_counter()
        stepper.step(batch)
        seconds.append(time.perf_counter() - began)
    for state, _ in streams:
        stepper.close(state)
    return BatchFigures(streams=size, step_ms=statistics.median(seconds[_WARM_UP_CHUNKS:]) * 1000)


if __name__ == "__main__":
    _, model, device, precision, sizes, repetitions = sys.argv
    figures = measure(
        Path(model), device, Precision(precision), [int(size) for size in sizes.split(",")], int(repetitions)
    )
    print(figures.model_dump_json())
