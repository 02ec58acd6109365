"""What streams of any chunk size cost, against what they took when they were measured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicechat_common.protocol.speech import ChunkSize
from voicechat_server.asr.capacity.cost import StreamCost

OWN: ChunkSize = (0, 10, 5)
DEMO = StreamCost(OWN, batch_size=8, overhead=1.4)
"""As it is measured for the demo model on one thread, in int8."""

LARGE = StreamCost(OWN, batch_size=8, overhead=0.43)
"""The same for a model of the size of paraformer-zh-streaming."""

ROUNDING = 1e-9

SIZES = st.tuples(st.integers(0, 30), st.integers(1, 60), st.integers(1, 30))
COSTS = st.integers(1, 64).flatmap(
    lambda batch: st.builds(StreamCost, SIZES, st.just(batch), st.floats(0, batch))
)


@pytest.mark.parametrize(
    ("cost", "chunk_size", "count", "measured"),
    [
        (DEMO, (0, 1, 1), 1, 13),
        (DEMO, (0, 1, 1), 4, 21),
        (DEMO, (0, 1, 10), 1, 18),
        (DEMO, (30, 1, 30), 1, 40),
        (DEMO, (30, 1, 30), 4, 99),
        (DEMO, (0, 5, 3), 1, 3.5),
        (DEMO, (5, 10, 5), 1, 2.9),
        (LARGE, (0, 1, 1), 1, 6.1),
        (LARGE, (0, 1, 1), 4, 10.4),
        (LARGE, (0, 1, 10), 1, 11.3),
        (LARGE, (30, 1, 30), 1, 48),
        (LARGE, (30, 1, 30), 4, 173),
        (LARGE, (0, 8, 4), 1, 1.8),
    ],
)
def test_a_stream_costs_what_was_measured(
    cost: StreamCost, chunk_size: ChunkSize, count: int, measured: float
) -> None:
    """Within a third, or two thirds where attention to many frames is dearer than their number."""
    assert measured * 0.6 <= cost.of({chunk_size: count}) <= measured * 1.67


@given(COSTS, st.integers(0, 1000))
def test_streams_of_the_server_s_size_cost_one_each(cost: StreamCost, count: int) -> None:
    assert cost.of({cost.chunk_size: count}) == count


@given(COSTS, st.dictionaries(SIZES, st.integers(1, 100), max_size=4), SIZES)
def test_one_more_never_costs_less(cost: StreamCost, streams: dict[ChunkSize, int], more: ChunkSize) -> None:
    before = cost.of(streams)
    after = cost.of(streams | {more: streams.get(more, 0) + 1})
    assert before >= sum(streams.values())
    assert after >= before - ROUNDING


def test_streams_of_one_size_share_what_those_of_two_sizes_pay_twice() -> None:
    assert DEMO.of({(0, 1, 1): 2}) < DEMO.of({(0, 1, 1): 1, (1, 1, 1): 1})
