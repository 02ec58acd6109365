"""How many streams are said to be live, from trials that chance has a hand in."""

import pytest

from bench.figures import ClientFigures
from bench.live import confirmed, highest


def figures(streams: int, delay_ms: float) -> ClientFigures:
    return ClientFigures(
        streams=streams,
        seconds=1,
        chunks=1,
        delay_ms_median=delay_ms,
        delay_ms_p99=delay_ms,
        final_ms_median=None,
        final_ms_worst=None,
        health_ms_p99=1,
        decoded_part=1,
        lost_ms=0,
    )


@pytest.mark.parametrize("most", [1, 2, 3, 7, 16, 17, 31, 100])
@pytest.mark.parametrize("first", [1, 2, 16])
def test_the_most_streams_are_found(most: int, first: int) -> None:
    assert highest(lambda streams: figures(streams, 500 if streams <= most else 700), first, 100) == most


@pytest.mark.parametrize(
    ("delays", "median", "trials"),
    [
        ([400, 500, 900], 500, 2),
        ([400, 900, 500], 500, 3),
        ([900, 400, 500], 500, 3),
        ([900, 700, 400], 700, 2),
        ([900, 400, 700], 700, 3),
        ([400], 400, 1),
        ([800], 800, 1),
    ],
)
def test_the_median_trial_counts(delays: list[float], median: float, trials: int) -> None:
    left = iter(delays)
    assert confirmed(lambda: figures(1, next(left)), len(delays)).delay_ms_p99 == median
    assert len(list(left)) == len(delays) - trials
