"""The memory blocks: every channel convolved over time, and added to what it was.

Of frames x [frames, width] and a kernel k [taps, width] in float32, for each row t and channel c:

    y[t, c] += x[t, c] + Σ_d k[d, c] · x[t + d − before, c]        over the frames there are

Each channel by itself, so that vectors hold channels. The error is at most (taps + 2) · 2⁻²⁴ of the sum of
all terms' sizes.

Zhang et al., "Deep-FSMN for Large Vocabulary Continuous Speech Recognition", 2018 (arXiv:1803.05030), as
SAN-M has it beside attention: Gao et al., 2020 (arXiv:2006.01713).
"""

from collections.abc import Sequence

import numpy as np
from torch import nn

from voicechat_server.asr.paraformer.kernels.compiling import compiled
from voicechat_server.asr.paraformer.kernels.linear import Floats


def kernels_of(layers: Sequence[nn.Conv1d]) -> Floats:
    """Return the kernels of several layers, [layers, frames, width]."""
    return np.stack([np.ascontiguousarray(layer.weight.detach().numpy()[:, 0].T) for layer in layers])


@compiled
def add_convolved(
    frames: Floats,
    begin: int,
    end: int,
    column: int,
    first: int,
    before: int,
    kernel: Floats,
    into: Floats,
    row: int,
    count: int,
) -> None:
    """Add to rows the convolution of the frames around theirs, and their frame itself.

    Args:
        frames: [frames, ...].
        begin: The first frame that is seen.
        end: The one behind the last.
        column: Where in a frame its channels begin.
        first: The frame of the first row; the other rows' follow.
        before: How many of the kernel's frames lie before a row's own.
        kernel: [kernel's frames, width].
        into: [rows, width].
        row: The first row.
        count: How many rows there are.
    """
    width = into.shape[1]
    for index in range(count):
        center = first + index
        target, own = into[row + index], frames[center]
        for channel in range(width):
            target[channel] += own[column + channel]
        for frame in range(max(begin, center - before), min(end, center - before + len(kernel))):
            seen, weights = frames[frame], kernel[frame - center + before]
            for channel in range(width):
                target[channel] += seen[column + channel] * weights[channel]
