"""What every detector of voice activity has: windows, a stream's state from one to the next, and a call."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

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


Judged = tuple[NDArray[np.float32], VadState]
"""Whole windows of a stream, as samples in [-1, 1], and its state."""


class Detector(Protocol):
    """Finds speech."""

    def probabilities(self, streams: Sequence[Judged]) -> list[NDArray[np.float32]]:
        """Return one probability of speech for each window of each stream.

        Args:
            streams: Of each, windows that follow those of the call before, and the state, which is updated.
        """
