"""Rings of earlier keys and values, one row a segment, shared by all segments of one chunk size."""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from voicechat_server.asr.paraformer.rows import Rows


class LookBack:
    """Keys and values of earlier chunks for every layer of a stack, as rings in one tensor.

    Rows take memory from when they are cleared, not before.

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
        self._data = torch.empty(0, layers, capacity, width, device=device, dtype=dtype)

    @property
    def rings(self) -> Tensor:
        """The rings, [segments, layers, frames, width]."""
        return self._data

    @property
    def frames(self) -> int:
        """Frames there is room for in each row."""
        return self._data.shape[2]

    @property
    def row_bytes(self) -> int:
        """Bytes of one row over all layers."""
        _, layers, frames, width = self._data.shape
        return layers * frames * width * self._data.element_size()

    def resize(self, rows: int, kept: Iterable[int] = ()) -> None:
        """Make room for that many rows, of which `kept` keep what they hold."""
        data = self._data.new_empty(rows, *self._data.shape[1:])
        for row in kept:
            data[row] = self._data[row]
        self._data = data

    def clear(self, row: int) -> None:
        """Set a row to zero."""
        self._data[row] = 0

    def clear_all(self, rows: int) -> None:
        """Make room for that many rows, all of them zero."""
        self._data = self._data.new_zeros(rows, *self._data.shape[1:])

    def is_short_of(self, frames: int) -> bool:
        """Whether all frames of a segment are kept and there is no room for so many yet."""
        return self._bound is None and frames > self.frames

    def reserve(self, frames: int, kept: Iterable[int] = ()) -> None:
        """If all frames of a segment are kept, make room for so many; rows `kept` keep what they hold."""
        if self.is_short_of(frames):
            rows, layers, had, width = self._data.shape
            wanted = -(-frames // self._GROWTH_FRAMES) * self._GROWTH_FRAMES
            data = self._data.new_empty(rows, layers, wanted, width)
            for row in kept:
                data[row, :, :had] = self._data[row]
                data[row, :, had:] = 0
            self._data = data

    def begin(self, rows: Rows, written: list[int], new_frames: int, own_frames: int) -> "LookBackStep":
        """Prepare the reads and writes of one batch.

        Args:
            rows: The rows of the batch.
            written: Frames each row's segment wrote before.
            new_frames: Leading frames that rows which go on write.
            own_frames: Frames of the batch itself, padding included.
        """
        device = rows.slots.device
        before = torch.tensor(written, device=device)
        filled = torch.arange(self.frames, device=device)[None, :] < before[:, None]
        keep = rows.going_on
        oldest = max(0, new_frames - self.frames)
        newest = torch.arange(oldest, new_frames, device=device)
        # A ring without frames has no places, and by nothing can't be divided.
        places = (before[keep, None] + newest[None, :]) % max(1, self.frames)
        return LookBackStep(
            data=self._data,
            slots=rows.slots,
            scratch=self._data.new_empty(len(written), self.frames + own_frames, self._data.shape[3]),
            keep=keep,
            sources=(keep[:, None] * own_frames + newest[None, :]).flatten(),
            places=places.flatten(),
            rows=rows.slots[keep].repeat_interleave(len(newest)),
            valid=torch.cat((filled, ~rows.padding(own_frames)), dim=1),
        )


class LookBackStep(NamedTuple):
    """One batch's view of the rings.

    Attributes:
        data: The rings, [segments, layers, frames, width].
        slots: The ring row of each batch row.
        scratch: Room for a layer's keys and values, [rows, ring frames + own frames, width].
        keep: Batch rows whose segment goes on, so that their newest frames are written.
        sources: Frames that are written, in the batch's own seen as one row of frames.
        places: The frame of a ring that each is written to.
        rows: The row of the rings that each is written to.
        valid: Which keys count, ring first, [rows, ring frames + own frames].
    """

    data: Tensor
    slots: Tensor
    scratch: Tensor
    keep: Tensor
    sources: Tensor
    places: Tensor
    rows: Tensor
    valid: Tensor

    def extend(self, layer: int, own: Tensor) -> Tensor:
        """Put the earlier keys and values of one layer before the batch's own, and store the newest.

        Args:
            layer: Number of the layer.
            own: Keys and values of the batch, [rows, own frames, width].

        Returns:
            [rows, ring frames + own frames, width], valid until the next call.
        """
        ring = self.data[:, layer]
        earlier = ring.shape[1]
        torch.index_select(ring, 0, self.slots, out=self.scratch[:, :earlier])
        self.scratch[:, earlier:] = own
        newest = own.flatten(0, 1).index_select(0, self.sources)
        ring.index_put_((self.rows, self.places), newest)
        return self.scratch
