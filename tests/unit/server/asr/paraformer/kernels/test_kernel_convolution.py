"""The convolution over time against numpy, within the bound that the module states."""

import numpy as np
import pytest
from numpy.typing import NDArray
from torch import nn

from tests.support.kernels import ROUNDING, alone
from voicechat_server.asr.paraformer.kernels import can_run_here, convolution

pytestmark = pytest.mark.skipif(not can_run_here(), reason="the processor has no AVX2")

Array = NDArray[np.float64]


def terms(frames: Array, begin: int, end: int, center: int, before: int, kernel: Array) -> list[Array]:
    """What is added for one row."""
    seen = range(max(begin, center - before), min(end, center - before + len(kernel)))
    return [frames[center], *(frames[frame] * kernel[frame - center + before] for frame in seen)]


@pytest.mark.parametrize("before", [0, 5, 10])
@pytest.mark.parametrize("count", [1, 4, 15])
@pytest.mark.parametrize("size", [1e-20, 1.0, 1e20])
def test_rows_are_convolved_as_by_numpy(before: int, count: int, size: float) -> None:
    """Some frames before and behind the rows are seen, those of other streams are not."""
    generator = np.random.default_rng(count)
    taps, width, column, row, first = 11, 20, 3, 2, 7
    begin, end = 4, first + count + 1
    frames = (size * generator.standard_normal((end + 3, column + width))).astype(np.float32)
    frames[:begin] = frames[end:] = np.nan
    kernel = generator.standard_normal((taps, width)).astype(np.float32)
    earlier = (size * generator.standard_normal((row + count + 1, width))).astype(np.float32)
    into = earlier.copy()
    alone(convolution.add_convolved)(frames, begin, end, column, first, before, kernel, into, row, count)
    channels = frames[:, column:].astype(float)
    for index in range(count):
        added = terms(channels, begin, end, first + index, before, kernel.astype(float))
        expected = earlier[row + index] + sum(added)
        sizes = np.abs(earlier[row + index]).astype(float) + sum(np.abs(each) for each in added)
        assert (np.abs(into[row + index] - expected) <= 1.01 * (taps + 2) * ROUNDING * sizes).all()
    others = [*range(row), row + count]
    np.testing.assert_array_equal(into[others], earlier[others])


def test_kernels_lie_by_frames() -> None:
    layers = [nn.Conv1d(6, 6, 3, groups=6, bias=False) for _ in range(2)]
    kernels = convolution.kernels_of(layers)
    assert kernels.shape == (2, 3, 6)
    np.testing.assert_array_equal(kernels[1, 2], layers[1].weight.detach().numpy()[:, 0, 2])
