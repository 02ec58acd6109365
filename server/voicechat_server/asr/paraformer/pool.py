"""State tensors of all segments of one chunk size, one row a segment."""

import torch

from voicechat_server.asr.paraformer.lookback import LookBack
from voicechat_server.asr.paraformer.state import SegmentState


class StatePool:
    """Preallocated rows, so that a batch gathers and scatters its state with one index.

    Args:
        chunk_size: `[left, step, look-ahead]` in frames.
        features: Feature width.
        width: Model width.
        fsmn: The decoder's convolution memory, of no segment yet.
        encoder_look_back: Keys and values of the encoder.
        decoder_look_back: Keys and values of the decoder.

    Attributes:
        overlap: Last left + look-ahead input frames, [rows, frames, features].
        cif_hidden: Frame that CIF carries over, [rows, width].
        cif_alpha: Its weight, [rows].
        fsmn: Convolution memory, [layers, rows, frames, width].
    """

    _GROWTH = 8

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
        self._chunk_size = chunk_size
        left, _, ahead = chunk_size
        self.overlap = torch.zeros(0, left + ahead, features, device=device)
        self.cif_hidden = torch.zeros(0, width, device=device)
        self.cif_alpha = torch.zeros(0, device=device)
        self.fsmn = fsmn
        self.encoder_look_back = encoder_look_back
        self.decoder_look_back = decoder_look_back
        self._free: list[int] = []
        self._rows = 0

    @property
    def row_bytes(self) -> int:
        """Bytes that one segment's state takes."""
        own = sum(
            tensor[:1].nbytes for tensor in (self.overlap, self.cif_hidden, self.cif_alpha, self.fsmn[:, :1])
        )
        return own + sum(ring.row_bytes for ring in (self.encoder_look_back, self.decoder_look_back))

    def take(self) -> SegmentState:
        """Return a segment whose state is all zero."""
        if not self._free:
            self._free = list(range(self._rows + self._GROWTH - 1, self._rows - 1, -1))
            self._rows += self._GROWTH
            self._grow()
        slot = self._free.pop()
        for tensor in (self.overlap, self.cif_hidden, self.cif_alpha):
            tensor[slot] = 0
        self.fsmn[:, slot] = 0
        return SegmentState(self._chunk_size, slot)

    def give_back(self, state: SegmentState) -> None:
        """Take back the row of a segment that ended; once is enough."""
        if state.slot >= 0:
            self._free.append(state.slot)
            state.slot = -1

    def _grow(self) -> None:
        for ring in (self.encoder_look_back, self.decoder_look_back):
            ring.resize(self._rows)
        self.overlap = _with_rows(self.overlap, self._rows, dim=0)
        self.cif_hidden = _with_rows(self.cif_hidden, self._rows, dim=0)
        self.cif_alpha = _with_rows(self.cif_alpha, self._rows, dim=0)
        self.fsmn = _with_rows(self.fsmn, self._rows, dim=1)


def _with_rows(tensor: torch.Tensor, rows: int, dim: int) -> torch.Tensor:
    shape = list(tensor.shape)
    shape[dim] = rows - shape[dim]
    return torch.cat((tensor, tensor.new_zeros(shape)), dim=dim)
