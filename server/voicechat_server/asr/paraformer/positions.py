"""Sinusoidal positions by FunASR's own encoder: those of the first minute are kept."""

import torch
from torch import Tensor

from voicechat_server.asr.paraformer.modules import PositionEncoder


class PositionTable:
    """Positional encodings of `StreamSinusoidalPositionEncoder`, which recomputes them for every chunk.

    Most segments are short and find theirs in the table; those of the few that are longer are computed, but
    not kept, so that the table stays small. Safe to use from any thread.

    Args:
        encoder: FunASR's position encoder.
        width: Feature width.
        device: Where the encodings are wanted.
    """

    FRAMES = 1024
    """Positions in the table, 61 s."""

    def __init__(self, encoder: PositionEncoder, width: int, device: torch.device) -> None:
        self._encoder = encoder
        self._width = width
        self._device = device
        self._table = self._encode(0, self.FRAMES)

    def at(self, offset: int, frames: int) -> Tensor:
        """Encodings of `frames` positions from `offset` on: [frames, width]."""
        end = offset + frames
        return self._table[offset:end] if end <= self.FRAMES else self._encode(offset, end)

    def _encode(self, begin: int, end: int) -> Tensor:
        positions = torch.arange(begin + 1, end + 1)[None, :]
        return self._encoder.encode(positions, self._width, torch.float32)[0].to(self._device)
