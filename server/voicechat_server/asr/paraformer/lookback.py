"""Rings of earlier keys and values, one row a segment, shared by all segments of one chunk size."""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from voicechat_server.asr.paraformer.rows import Rows


class LookBack:
    """Keys and values of earlier chunks for every layer of a stack, as rings in one tensor.

    A row takes memory once it is cleared, not before.

    Attention does not depend on the order of its keys (positions are in the features), so a ring needs no
    shifting: the newest frames overwrite the oldest. How keys and values are laid out in the rings is up to
    the two layouts below.

    Args:
        rings: Rings of one segment.
        width: Numbers of a frame in one ring.
        frames: Frames kept; None keeps all of a segment.
        device: Where the rings live.
        dtype: Number format of keys and values.
    """

    _GROWTH_FRAMES = 128

    def __init__(
        self, rings: int, width: int, frames: int | None, device: torch.device, dtype: torch.dtype
    ) -> None:
        self._bound = frames
        capacity = self._GROWTH_FRAMES if frames is None else frames
        self._data = torch.empty(0, rings, capacity, width, device=device, dtype=dtype)

    @property
    def rings(self) -> Tensor:
        """The rings, [segments, rings, frames, width]."""
        return self._data

    @property
    def frames(self) -> int:
        """Frames that each ring holds."""
        return self._data.shape[2]

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        _, rings, frames, width = self._data.shape
        return rings * frames * width * self._data.element_size()

    def resize(self, rows: int, kept: Iterable[int] = ()) -> None:
        """Hold that many rows, of which `kept` keep what they hold."""
        data = self._data.new_empty(rows, *self._data.shape[1:])
        for row in kept:
            data[row] = self._data[row]
        self._data = data

    def clear(self, row: int) -> None:
        """Set a row to zero."""
        self._data[row] = 0

    def clear_all(self, rows: int) -> None:
        """Hold that many rows, all of them zero."""
        self._data = self._data.new_zeros(rows, *self._data.shape[1:])

    def is_short_of(self, frames: int) -> bool:
        """Whether all frames of a segment are kept, and the rings are too short for so many."""
        return self._bound is None and frames > self.frames

    def reserve(self, frames: int, kept: Iterable[int] = ()) -> None:
        """Lengthen rings that keep all of a segment to so many frames; rows `kept` keep what they hold."""
        if self.is_short_of(frames):
            rows, rings, had, width = self._data.shape
            wanted = -(-frames // self._GROWTH_FRAMES) * self._GROWTH_FRAMES
            data = self._data.new_empty(rows, rings, wanted, width)
            for row in kept:
                data[row, :, :had] = self._data[row]
                data[row, :, had:] = 0
            self._data = data


class HeadLookBack(LookBack):
    """A ring of keys and one of values for each head of each layer, as the kernels take them, in fp32.

    The rings of a segment are [layers, heads, (keys, values)], flattened, each as wide as a head.

    Args:
        layers: Attention layers of the stack.
        heads: Heads of each.
        size: Width of a head.
        frames: Frames kept; None keeps all of a segment.
    """

    def __init__(self, layers: int, heads: int, size: int, frames: int | None) -> None:
        super().__init__(layers * heads * 2, size, frames, torch.device("cpu"), torch.float32)


class FrameLookBack(LookBack):
    """A ring for each layer, in which the keys and values of a frame lie side by side.

    The layers' linear maps give them that way, so storing a frame is one copy.

    Args:
        layers: Attention layers of the stack.
        width: Width of keys and values together.
        frames: Frames kept; None keeps all of a segment.
        like: The rings are of its number format, on its device.
    """

    def __init__(self, layers: int, width: int, frames: int | None, like: Tensor) -> None:
        super().__init__(layers, width, frames, like.device, like.dtype)

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
        # `max` avoids dividing by zero: a ring without frames takes none.
        positions = (before[keep, None] + newest[None, :]) % max(1, self.frames)
        return LookBackStep(
            data=self._data,
            slots=rows.slots,
            workspace=self._data.new_empty(len(written), self.frames + own_frames, self._data.shape[3]),
            keep=keep,
            sources=(keep[:, None] * own_frames + newest[None, :]).flatten(),
            positions=positions.flatten(),
            rows=rows.slots[keep].repeat_interleave(len(newest)),
            valid=torch.cat((filled, ~rows.padding(own_frames)), dim=1),
        )


class LookBackStep(NamedTuple):
    """One batch's view of the rings.

    Attributes:
        data: The rings, [segments, layers, frames, width].
        slots: The ring row of each batch row.
        workspace: Overwritten with a layer's keys and values, [rows, ring frames + own frames, width].
        keep: Batch rows whose segment goes on, so that their newest frames are written.
        sources: Frames that are written, in the batch's own seen as one row of frames.
        positions: The frame of a ring that each is written to.
        rows: The row of the rings that each is written to.
        valid: Which keys count, ring first, [rows, ring frames + own frames].
    """

    data: Tensor
    slots: Tensor
    workspace: Tensor
    keep: Tensor
    sources: Tensor
    positions: Tensor
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
        torch.index_select(ring, 0, self.slots, out=self.workspace[:, :earlier])
        self.workspace[:, earlier:] = own
        newest = own.flatten(0, 1).index_select(0, self.sources)
        ring.index_put_((self.rows, self.positions), newest)
        return self.workspace
