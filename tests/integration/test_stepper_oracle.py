"""The batched stepper against FunASR, which steps one stream at a time: the tokens are the same."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import nn

from tests.support.demo import demo_model, kernel_cache, load_demo, sample_by_funasr
from tests.support.funasr_oracle import recognise_by_funasr
from tests.support.memory import unwritten_is_nan
from tests.support.samples import DIRECTORY, SENTENCES, as_float, pcm
from voicechat_common.protocol.speech import ChunkSize
from voicechat_server.asr.config import FRAME_SAMPLES
from voicechat_server.asr.models.loading.funasr_parts import registered
from voicechat_server.asr.models.loading.loaded import LoadedModel
from voicechat_server.asr.paraformer.network import Network
from voicechat_server.asr.paraformer.pool import StatePool
from voicechat_server.asr.paraformer.precision import Precision
from voicechat_server.asr.paraformer.state import Chunk, SegmentState
from voicechat_server.asr.paraformer.stepper import ParaformerStepper

CHUNK_SIZES: list[ChunkSize] = [(0, 10, 5), (0, 8, 4), (5, 10, 5)]
LOOK_BACKS = [(4, 1), (0, 0), (-1, -1)]
UNSPOKEN = {"<blank>", "<s>", "</s>"}


@cache
def random_model() -> LoadedModel:
    """A model of other sizes with random weights, whose predictor fires about four tokens a second."""
    demo = demo_model()
    characters = [chr(0x4E00 + number) for number in range(200)]
    tokens = ["<blank>", "<s>", "</s>", *characters, "<unk>"]
    encoder = {"output_size": 48, "attention_heads": 3, "linear_units": 80, "num_blocks": 4, "kernel_size": 7}
    decoder = {
        "attention_heads": 2,
        "linear_units": 64,
        "num_blocks": 3,
        "att_layer_num": 3,
        "kernel_size": 5,
    }
    config = demo.config | {
        "encoder_conf": section(demo, "encoder_conf") | encoder,
        "decoder_conf": section(demo, "decoder_conf") | decoder | {"sanm_shfit": 2},
        "predictor_conf": section(demo, "predictor_conf") | {"idim": 48},
    }
    torch.manual_seed(20)
    build = registered("model_classes", "ParaformerStreaming")
    model = cast("nn.Module", build(**config, input_size=560, vocab_size=len(tokens))).eval()
    nn.init.constant_(cast("nn.Linear", model.get_submodule("predictor.cif_output")).bias, -1.0)
    return LoadedModel(model, demo.frontend, tokens, config, "random", "none")


@pytest.fixture(autouse=True, scope="module")
def _unwritten_is_nan() -> Iterator[None]:
    with unwritten_is_nan():
        yield


def section(model: LoadedModel, name: str) -> dict[str, object]:
    return cast("dict[str, object]", model.config[name])


MODELS = [demo_model, random_model]

SOUNDS = {
    "speech": as_float(pcm("talk")),
    "silence": np.zeros(100_000, np.float32),
    "noise": np.random.default_rng(0).uniform(-1, 1, 100_000).astype(np.float32),
}


@dataclass
class Talk:
    """One segment in a batch of others: when it joins, in which turns it has a chunk, how it ends."""

    audio: NDArray[np.float32]
    chunk_size: ChunkSize
    joins: int
    rhythm: int
    leaves: int | None

    def is_due(self, turn: int) -> bool:
        """Whether its next chunk has come in by this turn."""
        return turn >= self.joins and (turn - self.joins) % self.rhythm == 0


@st.composite
def talks(draw: st.DrawFn) -> Talk:
    chunk_size = draw(st.sampled_from(CHUNK_SIZES))
    stride = chunk_size[1] * FRAME_SAMPLES
    remainder = draw(st.sampled_from([0, 1, 400, 959, 960, 961, 1400, 4800, stride - 1]))
    length = draw(st.integers(0, 6)) * stride + remainder
    sound = SOUNDS[draw(st.sampled_from(["speech", "speech", "speech", "silence", "noise"]))]
    begin = draw(st.integers(0, len(sound) - length))
    return Talk(
        audio=sound[begin : begin + length],
        chunk_size=chunk_size,
        joins=draw(st.integers(0, 4)),
        rhythm=draw(st.integers(1, 3)),
        leaves=draw(st.none() | st.none() | st.integers(1, 4)),
    )


class Row:
    """A talk on its way through the stepper."""

    def __init__(self, talk: Talk, state: SegmentState) -> None:
        self.talk = talk
        self.state = state
        self.tokens: list[str] = []
        self.chunks = 0
        self._stride = talk.chunk_size[1] * FRAME_SAMPLES

    @property
    def is_over(self) -> bool:
        return self.chunks > len(self.talk.audio) // self._stride

    def next_chunk(self) -> Chunk:
        samples = self.talk.audio[self.chunks * self._stride : (self.chunks + 1) * self._stride]
        self.chunks += 1
        return Chunk(self.state, samples, is_final=self.is_over)


def step_all(stepper: ParaformerStepper, talks: list[Talk]) -> list[list[str]]:
    """Step what is due in each turn as one batch; return every talk's tokens, of those that left, none."""
    waiting = dict(enumerate(talks))
    rows: dict[int, Row] = {}
    results: list[list[str]] = [[] for _ in talks]
    turn = 0
    while waiting or rows:
        for index in [index for index, talk in waiting.items() if talk.is_due(turn)]:
            talk = waiting.pop(index)
            rows[index] = Row(talk, stepper.open(talk.chunk_size))
        due = [row for row in rows.values() if row.talk.is_due(turn)]
        for row, tokens in zip(due, stepper.step([row.next_chunk() for row in due]), strict=True):
            row.tokens += [token.text for token in tokens]
        for index, row in list(rows.items()):
            if row.is_over:
                results[index] = rows.pop(index).tokens
            elif row.chunks == row.talk.leaves:
                stepper.close(rows.pop(index).state)
        turn += 1
    return results


def by_funasr(loaded: LoadedModel, talk: Talk, look_backs: tuple[int, int]) -> list[str]:
    encoder, decoder = look_backs
    stream = recognise_by_funasr(
        loaded, talk.audio, talk.chunk_size, encoder_look_back=encoder, decoder_look_back=decoder
    )
    return [token for token in stream.tokens if token not in UNSPOKEN]


def left(talk: Talk) -> bool:
    return talk.leaves is not None and talk.leaves <= len(talk.audio) // (talk.chunk_size[1] * FRAME_SAMPLES)


@cache
def network_of(model: Callable[[], LoadedModel]) -> Network:
    return Network(model())


@cache
def stepper_of(model: Callable[[], LoadedModel], look_backs: tuple[int, int]) -> ParaformerStepper:
    encoder, decoder = look_backs
    return ParaformerStepper(network_of(model), encoder_look_back=encoder, decoder_look_back=decoder)


@pytest.mark.parametrize("look_backs", LOOK_BACKS)
@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=12)
@given(st.lists(talks(), min_size=1, max_size=5))
def test_every_row_of_every_batch_gets_the_tokens_funasr_gives_it_alone(
    model: Callable[[], LoadedModel], look_backs: tuple[int, int], talks: list[Talk]
) -> None:
    together = step_all(stepper_of(model, look_backs), talks)
    for talk, tokens in zip(talks, together, strict=True):
        if not left(talk):
            assert tokens == by_funasr(model(), talk, look_backs)


@pytest.mark.parametrize("look_backs", LOOK_BACKS)
@pytest.mark.parametrize("model", MODELS)
def test_a_long_segment_gets_the_tokens_of_funasr(
    model: Callable[[], LoadedModel], look_backs: tuple[int, int]
) -> None:
    talk = Talk(SOUNDS["speech"][: 20 * 16_000], (0, 10, 5), joins=0, rhythm=1, leaves=None)
    (tokens,) = step_all(stepper_of(model, look_backs), [talk])
    assert len(tokens) > 20
    assert tokens == by_funasr(model(), talk, look_backs)


@pytest.mark.parametrize("look_backs", LOOK_BACKS)
@pytest.mark.parametrize("precision", [Precision.FP32, Precision.INT8])
def test_threads_that_share_a_stepper_do_not_disturb_each_other(
    precision: Precision, look_backs: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its state grows while they step: from one row to all, and with the look-back of long segments."""
    monkeypatch.setattr(StatePool, "_FIRST_ROWS", 1)
    network = Network(load_demo("cpu"), precision, kernel_cache())
    alone, shared = (
        ParaformerStepper(network, encoder_look_back=look_backs[0], decoder_look_back=look_backs[1])
        for _ in range(2)
    )
    groups = [
        [
            Talk(SOUNDS["speech"][begin:][: seconds * 16_000], (0, 10, 5), joins, 1, None)
            for joins, (begin, seconds) in enumerate([(group, 2), (group * 7_000, 9), (group * 30_000, 5)])
        ]
        for group in range(6)
    ]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda talks: step_all(shared, talks), groups))
    assert together == [step_all(alone, talks) for talks in groups]
    assert sum(map(len, together[0])) > 20


GENERATE = """
import json, sys
import soundfile
from funasr import AutoModel

model = AutoModel(model=sys.argv[1], device="cpu", disable_update=True, disable_pbar=True, log_level="ERROR")
for path in sys.argv[2:]:
    audio, _ = soundfile.read(path, dtype="float32")
    cache, text = {}, ""
    for begin in range(0, len(audio) + 1, 9600):
        text += model.generate(
            input=audio[begin : begin + 9600], cache=cache, is_final=begin + 9600 > len(audio),
            chunk_size=[0, 10, 5], encoder_chunk_look_back=4, decoder_chunk_look_back=1,
        )[0]["text"]
    print(json.dumps(text), file=sys.stderr)
"""


def test_the_oracle_is_what_auto_model_generate_returns() -> None:
    """In a process of its own: FunASR's start takes long, and changes logging and the number of threads."""
    paths = [str(DIRECTORY / f"{name}.wav") for name in SENTENCES]
    model = str(Path(str(DIRECTORY)).parent)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", GENERATE, model, *paths],
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    texts = [json.loads(line) for line in done.stderr.splitlines() if line.startswith('"')]
    assert texts == [sample_by_funasr(name) for name in SENTENCES]
    assert all(len(text) > 5 for text in texts)
