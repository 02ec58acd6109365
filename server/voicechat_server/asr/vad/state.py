"""The windows that voice activity is found in, and a stream's state from one to the next."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

WINDOW_SAMPLES = 512
"""Samples of one decision: 32 ms at 16 kHz."""

CONTEXT_SAMPLES = 64
"""Samples before a window that its decision considers."""

STATE_WIDTH = 128
"""Numbers in the hidden state, and in that of the cell."""


def _zeros(count: int) -> NDArray[np.float32]:
    return np.zeros(count, np.float32)


@dataclass
class VadState:
    """The detector's state for one stream.

    Attributes:
        hidden: Output of its recurrent cell, [STATE_WIDTH].
        cell: State of the cell, [STATE_WIDTH].
        context: The last samples, in [-1, 1].
    """

    hidden: NDArray[np.float32] = field(default_factory=lambda: _zeros(STATE_WIDTH))
    cell: NDArray[np.float32] = field(default_factory=lambda: _zeros(STATE_WIDTH))
    context: NDArray[np.float32] = field(default_factory=lambda: _zeros(CONTEXT_SAMPLES))
