"""Streams of many chunk sizes: each gets its own tokens, and one that nobody has takes no memory."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.demo import demo_model
from tests.support.samples import as_float, pcm
from voicechat_common.protocol.speech import ChunkSize
from voicechat_server.asr.config import FRAME_SAMPLES
from voicechat_server.asr.paraformer.network import Network
from voicechat_server.asr.paraformer.pool import StatePool
from voicechat_server.asr.paraformer.state import Chunk
from voicechat_server.asr.paraformer.stepper import ParaformerStepper

SPEECH = as_float(pcm("talk"))[:64_000]


@pytest.fixture
def stepper() -> ParaformerStepper:
    return ParaformerStepper(Network(demo_model()), encoder_look_back=4, decoder_look_back=1)


def sizes_held(stepper: ParaformerStepper) -> int:
    return len(stepper._groups)


def recognise(stepper: ParaformerStepper, size: ChunkSize, audio: NDArray[np.float32]) -> list[str]:
    state = stepper.open(size)
    stride = size[1] * FRAME_SAMPLES
    tokens = []
    for begin in range(0, len(audio) + 1, stride):
        is_final = begin + stride > len(audio)
        (new,) = stepper.step([Chunk(state, audio[begin : begin + stride], is_final)])
        tokens += [token.text for token in new]
    return tokens


def test_a_size_takes_memory_only_while_a_segment_has_it(stepper: ParaformerStepper) -> None:
    for ahead in range(1, 11):
        recognise(stepper, (0, 10, ahead), SPEECH[:20_000])
        stepper.close(stepper.open((5, 10, ahead)))
    assert sizes_held(stepper) == 0
    kept = stepper.open((0, 10, 5))
    pool = weakref.ref(stepper._groups[0, 10, 5]._pool)
    stepper.close(stepper.open((0, 10, 5)))
    assert sizes_held(stepper) == 1
    stepper.step([Chunk(kept, SPEECH[:9600], is_final=True)])
    assert sizes_held(stepper) == 0
    gc.collect()
    assert pool() is None


def test_a_segment_may_be_given_back_after_its_end(stepper: ParaformerStepper) -> None:
    spent = stepper.open((0, 10, 5))
    stepper.step([Chunk(spent, SPEECH[:9600], is_final=True)])
    stepper.close(spent)
    state = stepper.open((0, 10, 5))
    stepper.close(spent)
    (tokens,) = stepper.step([Chunk(state, SPEECH[:9600])])
    stepper.close(state)
    first = [token.text for token in tokens]
    assert first == recognise(stepper, (0, 10, 5), SPEECH[:9600])[: len(first)]


def test_the_size_of_a_state_is_told_without_keeping_it(stepper: ParaformerStepper) -> None:
    assert stepper.state_bytes((30, 10, 30)) > stepper.state_bytes((0, 10, 5)) > 0
    assert sizes_held(stepper) == 0


def test_a_state_that_cannot_be_had_leaves_nothing(
    stepper: ParaformerStepper, monkeypatch: pytest.MonkeyPatch
) -> None:

    def fail(_: StatePool) -> None:
        raise RuntimeError("can't allocate memory")

    with monkeypatch.context() as patched:
        patched.setattr(StatePool, "take", fail)
        with pytest.raises(RuntimeError, match="allocate"):
            stepper.open((0, 10, 5))
    assert sizes_held(stepper) == 0
    assert recognise(stepper, (0, 10, 5), SPEECH)


def test_threads_that_end_and_begin_segments_of_a_size_do_not_disturb_each_other(
    stepper: ParaformerStepper,
) -> None:
    sizes: list[ChunkSize] = [(0, 10, 5), (0, 8, 4), (5, 10, 5)]
    alone = [recognise(stepper, size, SPEECH) for size in sizes]
    calls = [number % len(sizes) for number in range(24)]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda call: recognise(stepper, sizes[call], SPEECH), calls))
    assert together == [alone[call] for call in calls]
    assert any(alone)
    assert sizes_held(stepper) == 0
