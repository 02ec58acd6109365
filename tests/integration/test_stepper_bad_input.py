"""Audio that is none: the stream that sends it and those in its batch go on."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.demo import kernel_cache, load_demo
from tests.support.samples import as_float, pcm, transcripts
from voicechat_server.asr.config import FRAME_SAMPLES
from voicechat_server.asr.paraformer.network import Network
from voicechat_server.asr.paraformer.precision import Precision
from voicechat_server.asr.paraformer.state import Chunk, SegmentState
from voicechat_server.asr.paraformer.stepper import ParaformerStepper

CHUNK_SIZE = (0, 10, 5)
STRIDE = CHUNK_SIZE[1] * FRAME_SAMPLES
SPEECH = as_float(pcm("weather"))

BAD = {
    "no numbers": np.full(STRIDE, np.nan, np.float32),
    "infinite": np.where(np.arange(STRIDE) % 7 == 0, np.inf, SPEECH[:STRIDE]).astype(np.float32),
    "full scale": np.random.default_rng(0).choice([-1.0, 1.0], STRIDE).astype(np.float32),
}


@pytest.fixture(scope="module", params=[Precision.FP32, Precision.INT8])
def network(request: pytest.FixtureRequest) -> Network:
    return Network(load_demo("cpu"), request.param, kernel_cache())


def recognise(stepper: ParaformerStepper, state: SegmentState, others: list[NDArray[np.float32]]) -> str:
    """Decode the sentence to its end, each of its chunks in a batch with the same bad ones."""
    company = [(stepper.open(CHUNK_SIZE), samples) for samples in others]
    text = ""
    for begin in range(0, len(SPEECH), STRIDE):
        chunk = Chunk(state, SPEECH[begin : begin + STRIDE], begin + STRIDE >= len(SPEECH))
        tokens, *_ = stepper.step([chunk, *(Chunk(other, samples) for other, samples in company)])
        text += "".join(token.text for token in tokens)
    for other, _ in company:
        stepper.close(other)
    return text


@pytest.mark.parametrize("bad", BAD)
def test_bad_audio_changes_nothing_for_those_in_its_batch(network: Network, bad: str) -> None:
    stepper = ParaformerStepper(network, encoder_look_back=4, decoder_look_back=1)
    assert recognise(stepper, stepper.open(CHUNK_SIZE), [BAD[bad]] * 2) == transcripts()["weather"]


@pytest.mark.parametrize("bad", BAD)
def test_the_next_segment_after_bad_audio_is_recognised(network: Network, bad: str) -> None:
    stepper = ParaformerStepper(network, encoder_look_back=4, decoder_look_back=1)
    state = stepper.open(CHUNK_SIZE)
    stepper.step([Chunk(state, BAD[bad])])
    stepper.step([Chunk(state, np.zeros(0, np.float32), is_final=True)])
    following = stepper.open(CHUNK_SIZE)
    assert following.slot == 0
    assert recognise(stepper, following, []) == transcripts()["weather"]
