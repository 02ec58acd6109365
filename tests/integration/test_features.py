"""Features of many streams at once against FunASR's front end, which makes them for one."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from tests.support.demo import demo_model
from tests.support.samples import as_float, pcm
from voicechat_server.asr.config import FRAME_SAMPLES
from voicechat_server.asr.paraformer.features import FeatureExtractor
from voicechat_server.asr.paraformer.state import Chunk, SegmentState

SPEECH = as_float(pcm("talk"))
SIZES = [(0, 10, 5), (0, 8, 4), (0, 30, 5)]


def cut(step: int, chunks: int, left: int) -> list[NDArray[np.float32]]:
    """Whole chunks and a last one."""
    stride = step * FRAME_SAMPLES
    ends = [*range(stride, chunks * stride + 1, stride), chunks * stride + left]
    return [SPEECH[end - (left if end == ends[-1] else stride) : end] for end in ends]


def by_funasr(pieces: list[NDArray[np.float32]]) -> list[Tensor]:
    frontend, cache = demo_model().frontend, dict[str, object]()
    features = []
    for index, piece in enumerate(pieces):
        audio = torch.from_numpy(piece)[None]
        is_final = index == len(pieces) - 1
        features.append(frontend(audio, torch.tensor([len(piece)]), cache=cache, is_final=is_final)[0][0])
    return features


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(SIZES), st.integers(0, 4), st.integers(FRAME_SAMPLES, 30 * FRAME_SAMPLES)),
        min_size=1,
        max_size=4,
    )
)
def test_they_are_funasrs(talks: list[tuple[tuple[int, int, int], int, int]]) -> None:
    extractor = FeatureExtractor(demo_model().frontend)
    states = [SegmentState(size, slot) for slot, (size, _, _) in enumerate(talks)]
    pieces = [cut(size[1], chunks, left) for size, chunks, left in talks]
    expected = [by_funasr(each) for each in pieces]
    for turn in range(max(map(len, pieces))):
        present = [number for number, each in enumerate(pieces) if turn < len(each)]
        chunks = [
            Chunk(states[number], pieces[number][turn], is_final=turn == len(pieces[number]) - 1)
            for number in present
        ]
        for number, found in zip(present, extractor.extract(chunks), strict=True):
            torch.testing.assert_close(found, expected[number][turn], rtol=0, atol=1e-4)


def test_nobody_has_none() -> None:
    assert FeatureExtractor(demo_model().frontend).extract([]) == []


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_stays_with_its_stream(bad: float) -> None:
    extractor = FeatureExtractor(demo_model().frontend)
    good = SPEECH[: 10 * FRAME_SAMPLES]
    alone = extractor.extract([Chunk(SegmentState((0, 10, 5), 0), good)])[0]
    noise = np.full(10 * FRAME_SAMPLES, bad, np.float32)
    beside, found = extractor.extract(
        [Chunk(SegmentState((0, 10, 5), 0), noise), Chunk(SegmentState((0, 10, 5), 1), good)]
    )
    assert torch.isfinite(beside).all()
    torch.testing.assert_close(found, alone, rtol=0, atol=1e-5)
