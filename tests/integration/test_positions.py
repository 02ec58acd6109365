"""Positions are FunASR's, however long the segment, and a long one takes no more memory for them."""

from functools import cache
from typing import cast

import psutil
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import Tensor

from tests.support.demo import demo_model
from voicechat_server.asr.paraformer.modules import PositionEncoder
from voicechat_server.asr.paraformer.positions import PositionTable

WIDTH = 560
LONGEST = 20_000
"""Frames of twenty minutes."""

TEN_HOURS = 600_000
BOUND = 30_000_000


def encoder() -> PositionEncoder:
    return cast("PositionEncoder", demo_model().model.get_submodule("encoder.embed"))


@cache
def table() -> PositionTable:
    return PositionTable(encoder(), WIDTH, torch.device("cpu"))


@cache
def all_by_funasr() -> Tensor:
    return encoder().encode(torch.arange(1, LONGEST + 1)[None, :], WIDTH, torch.float32)[0]


@given(st.integers(0, 2 * PositionTable.FRAMES) | st.integers(0, LONGEST - 60), st.integers(1, 60))
@example(PositionTable.FRAMES - 10, 10)
@example(PositionTable.FRAMES - 10, 11)
@example(PositionTable.FRAMES, 1)
def test_positions_are_those_of_funasr_to_the_last_bit(offset: int, frames: int) -> None:
    assert torch.equal(table().at(offset, frames), all_by_funasr()[offset : offset + frames])


def test_ten_hours_take_no_memory() -> None:
    process = psutil.Process()
    table().at(0, 10)
    before = process.memory_info().rss
    assert table().at(TEN_HOURS, 10).shape == (10, WIDTH)
    assert process.memory_info().rss - before < BOUND
