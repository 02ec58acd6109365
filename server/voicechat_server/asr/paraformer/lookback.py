"""Rings of earlier keys and values, one row a segment, shared by all segments of one chunk size."""

from typing import NamedTuple

import torch
from torch import Tensor

from voicechat_server.asr.paraformer.rows import Rows


class LookBack:
    """Keys and values of earlier chunks for every layer of a stack, as rings in one tensor.

    Attention does not depend on the order of its keys (positions are in the features), so a ring needs no
    shifting: the newest frames overwrite the oldest. Keys and values of a frame lie side by side, as the
    layers' linear maps give them, so that a frame is one copy.

    Args:
        layers: Attention layers of the stack.
        width: Width of keys and values together.
        frames: Frames kept; None keeps all of a segment.
        device: Where the rings live.
        dtype: Number format of keys and values.
    """

    _GROWTH_FRAMES = 128

    def __init__(
        self, layers: int, width: int, frames: int | None, device: torch.device, dtype: torch.dtype
    ) -> None:
        self._bound = frames
        capacity = self._GROWTH_FRAMES if frames is None else frames
        self._data = torch.zeros(layers, 0, capacity, width, device=device, dtype=dtype)
        self._scratch = self._data.new_zeros(0, 0, width)

    @property
    def frames(self) -> int:
        """Frames there is room for in each row."""
        return self._data.shape[2]

    @property
    def row_bytes(self) -> int:
        """Bytes of one row over all layers."""
        layers, _, frames, width = self._data.shape
        return layers * frames * width * self._data.element_size()

    def resize(self, rows: int) -> None:
        """Make room for that many rows, at least as many as there are."""
        layers, had, frames, width = self._data.shape
        self._data = torch.cat((self._data, self._data.new_zeros(layers, rows - had, frames, width)), dim=1)

    def reserve(self, frames: int) -> Tensor:
        """Return the rings, [layers, segments, frames, width]; if all are kept, with room for so many."""
        if self._bound is None and frames > self.frames:
            layers, rows, had, width = self._data.shape
            more = -(-frames // self._GROWTH_FRAMES) * self._GROWTH_FRAMES - had
            self._data = torch.cat((self._data, self._data.new_zeros(layers, rows, more, width)), dim=2)
        return self._data

    def begin(self, rows: Rows, written: list[int], new_frames: int, own_frames: int) -> "LookBackStep":
        """Prepare the reads and writes of one batch.

        Args:
            rows: The rows of the batch.
            written: Frames each row's segment wrote before.
            new_frames: Leading frames that rows which go on write.
            own_frames: Frames of the batch itself, padding included.
        """
        data = self.reserve(max(written) + new_frames)
        device = rows.slots.device
        before = torch.tensor(written, device=device)
        filled = torch.arange(self.frames, device=device)[None, :] < before[:, None]
        keep = rows.going_on
        oldest = max(0, new_frames - self.frames)
        newest = torch.arange(oldest, new_frames, device=device)
        # A ring without frames has no places, and by nothing can't be divided.
        places = (before[keep, None] + newest[None, :]) % max(1, self.frames)
        return LookBackStep(
            data=data,
            slots=rows.slots,
            scratch=self._room(len(written), own_frames),
            keep=keep,
            sources=(keep[:, None] * own_frames + newest[None, :]).flatten(),
            places=(rows.slots[keep, None] * self.frames + places).flatten(),
            valid=torch.cat((filled, ~rows.padding(own_frames)), dim=1),
        )

    def _room(self, rows: int, own_frames: int) -> Tensor:
        frames = self.frames + own_frames
        if self._scratch.shape[0] < rows or self._scratch.shape[1] != frames:
            self._scratch = self._data.new_empty(rows, frames, self._data.shape[3])
        return self._scratch[:rows]


class LookBackStep(NamedTuple):
    """One batch's view of the rings.

    Attributes:
        data: The rings, [layers, segments, frames, width].
        slots: The ring row of each batch row.
        scratch: Room for a layer's keys and values, [rows, ring frames + own frames, width].
        keep: Batch rows whose segment goes on, so that their newest frames are written.
        sources: Frames that are written, in the batch's own seen as one row of frames.
        places: Where they are written, in the rings of one layer seen as one row of frames.
        valid: Which keys count, ring first, [rows, ring frames + own frames].
    """

    data: Tensor
    slots: Tensor
    scratch: Tensor
    keep: Tensor
    sources: Tensor
    places: Tensor
    valid: Tensor

    def extend(self, layer: int, own: Tensor) -> Tensor:
        """Put the earlier keys and values of one layer before the batch's own, and store the newest.

        Args:
            layer: Number of the layer.
            own: Keys and values of the batch, [rows, own frames, width].

        Returns:
            [rows, ring frames + own frames, width], valid until the next call.
        """
        ring = self.data[layer]
        earlier = ring.shape[1]
        torch.index_select(ring, 0, self.slots, out=self.scratch[:, :earlier])
        self.scratch[:, earlier:] = own
        newest = own.flatten(0, 1).index_select(0, self.sources)
        ring.flatten(0, 1).index_copy_(0, self.places, newest)
        return self.scratch
