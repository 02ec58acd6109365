"""The rows of a batch."""

from dataclasses import dataclass

import torch
from torch import Tensor

from voicechat_server.asr.paraformer.state import SegmentState


@dataclass(frozen=True)
class Rows:
    """The rows of a batch.

    Attributes:
        states: The segment of each row.
        slots: Its row in the state tensors, [rows].
        final: Whether the segment ends with this chunk, [rows].
        lengths: Valid frames, overlap included, [rows].
    """

    states: list[SegmentState]
    slots: Tensor
    final: Tensor
    lengths: Tensor

    @property
    def going_on(self) -> Tensor:
        """Indices of the rows whose segment has more chunks to come."""
        return (~self.final).nonzero()[:, 0]

    def padding(self, frames: int) -> Tensor:
        """Which of `frames` frames are padding, [rows, frames]."""
        return torch.arange(frames, device=self.lengths.device)[None, :] >= self.lengths[:, None]

    def select(self, indices: Tensor) -> "Rows":
        """Return some of the rows as a batch of their own; frames stay padded as they are."""
        return Rows(
            states=[self.states[index] for index in indices.tolist()],
            slots=self.slots[indices],
            final=self.final[indices],
            lengths=self.lengths[indices],
        )


def example_rows(count: int, frames: int, device: torch.device) -> Rows:
    """Return rows of new segments that go on, to record a graph with."""
    return Rows(
        states=[SegmentState((0, frames, 0), slot) for slot in range(count)],
        slots=torch.arange(count, device=device),
        final=torch.zeros(count, dtype=torch.bool, device=device),
        lengths=torch.full((count,), frames, device=device),
    )
