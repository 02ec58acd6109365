"""Rings of earlier keys and values, one row a segment, shared by all segments of one chunk size."""

from dataclasses import dataclass

import torch
from torch import Tensor

from voicechat_server.asr.paraformer.rows import Rows


class LookBack:
    """Keys and values of earlier chunks for every layer of a stack, as rings in one tensor.

    Attention does not depend on the order of its keys (positions are in the features), so a ring needs no
    shifting: the newest frames overwrite the oldest.

    Args:
        layers: Attention layers of the stack.
        heads: Attention heads.
        width: Width of one head.
        frames: Frames kept; None keeps all of a segment.
        device: Where the rings live.
    """

    _GROWTH_FRAMES = 128

    def __init__(self, layers: int, heads: int, width: int, frames: int | None, device: torch.device) -> None:
        self._bound = frames
        capacity = self._GROWTH_FRAMES if frames is None else frames
        self._data = torch.zeros(layers, 2, 0, heads, capacity, width, device=device)

    @property
    def frames(self) -> int:
        """Frames there is room for in each row."""
        return self._data.shape[4]

    @property
    def row_bytes(self) -> int:
        """Bytes of one row over all layers."""
        layers, two, _, heads, frames, width = self._data.shape
        return layers * two * heads * frames * width * self._data.element_size()

    def resize(self, rows: int) -> None:
        """Make room for that many rows, at least as many as there are."""
        shape = list(self._data.shape)
        shape[2] = rows - shape[2]
        self._data = torch.cat((self._data, self._data.new_zeros(shape)), dim=2)

    def begin(self, rows: Rows, written: list[int], new_frames: int, own_frames: int) -> "LookBackStep":
        """Prepare the reads and writes of one batch.

        Args:
            rows: The rows of the batch.
            written: Frames each row's segment wrote before.
            new_frames: Frames that rows which go on write.
            own_frames: Frames of the batch itself, padding included.
        """
        self._reserve(max(written) + new_frames)
        device = rows.slots.device
        kept = min(new_frames, self.frames)
        keep = rows.going_on
        starts = torch.tensor(written, device=device)[keep] + (new_frames - kept)
        places = (starts[:, None] + torch.arange(kept, device=device)[None, :]) % self.frames
        invalid = None
        padding = rows.padding(own_frames)
        if padding is not None or min(written) < self.frames:
            ring = torch.arange(self.frames, device=device)[None, :]
            empty = ring >= torch.tensor(written, device=device)[:, None]
            own = padding if padding is not None else empty.new_zeros(len(written), own_frames)
            invalid = torch.cat((empty, own), dim=1)
        return LookBackStep(self._data, rows.slots, keep, rows.slots[keep], places, invalid)

    def _reserve(self, needed: int) -> None:
        if self._bound is not None or needed <= self.frames:
            return
        shape = list(self._data.shape)
        shape[4] = -(-needed // self._GROWTH_FRAMES) * self._GROWTH_FRAMES - self.frames
        self._data = torch.cat((self._data, self._data.new_zeros(shape)), dim=4)


@dataclass(frozen=True)
class LookBackStep:
    """One batch's view of the rings.

    Attributes:
        data: The rings, [layers, 2, segments, heads, frames, width].
        slots: The ring row of each batch row.
        keep: Batch rows whose newest frames are written.
        keep_slots: Their ring rows.
        places: Where in the ring they are written, [kept rows, frames].
        invalid: Keys that don't count, ring first, [rows, ring frames + own frames]; None where all count.
    """

    data: Tensor
    slots: Tensor
    keep: Tensor
    keep_slots: Tensor
    places: Tensor
    invalid: Tensor | None

    def extend(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Put earlier keys and values before the batch's own, [rows, heads, frames, width]."""
        keys = self.data[layer, 0].index_select(0, self.slots)
        values = self.data[layer, 1].index_select(0, self.slots)
        return torch.cat((keys, key), dim=2), torch.cat((values, value), dim=2)

    def write(self, layer: int, key: Tensor, value: Tensor) -> None:
        """Store the newest of the given frames, [rows, heads, frames, width], of rows that go on."""
        if not len(self.keep):
            return
        kept = self.places.shape[1]
        first = key.shape[2] - kept
        index = (self.keep_slots[:, None], slice(None), self.places)
        self.data[layer, 0][index] = key[self.keep, :, first:].transpose(1, 2)
        self.data[layer, 1][index] = value[self.keep, :, first:].transpose(1, 2)
