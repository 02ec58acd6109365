"""State tensors of all segments of one chunk size, one row a segment."""

from math import prod
from threading import Lock

import torch

from voicechat_server.asr.paraformer.lookback import LookBack
from voicechat_server.asr.paraformer.read_write_lock import ReadWriteLock
from voicechat_server.asr.paraformer.state import SegmentState


class StatePool:
    """Preallocated rows, so that a batch gathers and scatters its state with one index.

    Any thread may take rows and give them back. The tensors move when they grow: hold
    `lock.read` while using them, and read the attributes anew each time.

    Args:
        chunk_size: `[left, step, look-ahead]` in frames.
        features: Feature width.
        width: Model width.
        fsmn: The decoder's convolution memory, for no segments yet.
        encoder_look_back: Keys and values of the encoder.
        decoder_look_back: Keys and values of the decoder.

    Attributes:
        lock: Who uses the tensors.
        overlap: Last left + look-ahead input frames, [rows, frames, features].
        cif_hidden: Frame that CIF carries over, [rows, width].
        cif_alpha: Its weight, [rows].
        fsmn: Convolution memory, [layers, rows, frames, width].
    """

    _FIRST_ROWS = 32

    def __init__(
        self,
        chunk_size: tuple[int, int, int],
        *,
        features: int,
        width: int,
        fsmn: torch.Tensor,
        encoder_look_back: LookBack,
        decoder_look_back: LookBack,
        device: torch.device,
    ) -> None:
        self.lock = ReadWriteLock()
        self._taking = Lock()
        self._chunk_size = chunk_size
        left, _, ahead = chunk_size
        self.overlap = torch.zeros(0, left + ahead, features, device=device)
        self.cif_hidden = torch.zeros(0, width, device=device)
        self.cif_alpha = torch.zeros(0, device=device)
        self.fsmn = fsmn
        self.encoder_look_back = encoder_look_back
        self.decoder_look_back = decoder_look_back
        self._free: list[int] = []
        self._used: set[int] = set()
        self._clean: set[int] = set()

    @property
    def row_bytes(self) -> int:
        """Bytes that one segment's state takes."""
        tensors = (self.overlap, self.cif_hidden, self.cif_alpha, self.fsmn.transpose(0, 1))
        own = sum(tensor.element_size() * prod(tensor.shape[1:]) for tensor in tensors)
        return own + sum(ring.row_bytes for ring in (self.encoder_look_back, self.decoder_look_back))

    def take(self) -> SegmentState:
        """Return a new segment; what it has not written yet is zero, or is masked."""
        with self._taking:
            if not self._free:
                with self.lock.write():
                    self._grow()
            slot = self._free.pop()
            is_new = slot not in self._clean
            self._used.add(slot)
            self._clean.add(slot)
        with self.lock.read():
            # What another segment left there is masked; memory that was never written may hold NaN.
            for ring in (self.encoder_look_back, self.decoder_look_back) if is_new else ():
                ring.clear(slot)
            for tensor in (self.overlap, self.cif_hidden, self.cif_alpha):
                tensor[slot] = 0
            self.fsmn[:, slot] = 0
        return SegmentState(self._chunk_size, slot)

    def reserve(self, encoder_frames: int, decoder_frames: int) -> None:
        """Lengthen look-backs that keep all of a segment to at least that many frames."""
        wanted = ((self.encoder_look_back, encoder_frames), (self.decoder_look_back, decoder_frames))
        if any(ring.is_short_of(frames) for ring, frames in wanted):
            with self._taking, self.lock.write():
                for ring, frames in wanted:
                    ring.reserve(frames, kept=self._used)
                self._clean = set(self._used)

    def give_back(self, state: SegmentState) -> None:
        """Take back the row of a segment that ended; once is enough."""
        with self._taking:
            if not state.is_spent:
                self._used.remove(state.slot)
                self._free.append(state.slot)
                state.slot = -1

    def _grow(self) -> None:
        had = len(self._used)
        rows = max(self._FIRST_ROWS, 2 * had)
        for ring in (self.encoder_look_back, self.decoder_look_back):
            ring.resize(rows, kept=self._used)
        self._clean = set(self._used)
        self.overlap = _with_rows(self.overlap, rows, dim=0)
        self.cif_hidden = _with_rows(self.cif_hidden, rows, dim=0)
        self.cif_alpha = _with_rows(self.cif_alpha, rows, dim=0)
        self.fsmn = _with_rows(self.fsmn, rows, dim=1)
        self._free = list(range(rows - 1, had - 1, -1))


def _with_rows(tensor: torch.Tensor, rows: int, dim: int) -> torch.Tensor:
    """A larger tensor. A row takes memory once it is written to, which is when the row is taken."""
    shape = list(tensor.shape)
    had, shape[dim] = shape[dim], rows
    larger = tensor.new_empty(shape)
    larger.narrow(dim, 0, had).copy_(tensor)
    return larger
