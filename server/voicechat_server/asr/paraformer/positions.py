"""Sinusoidal positions, computed once by FunASR's own encoder and looked up per row."""

import torch
from torch import Tensor

from voicechat_server.asr.paraformer.modules import PositionEncoder


class PositionTable:
    """Positional encodings of `StreamSinusoidalPositionEncoder`, which recomputes them for every chunk.

    Any thread may ask; two that find the table too short each make a longer one.

    Args:
        encoder: FunASR's position encoder.
        width: Feature width.
    """

    _GROWTH = 1024

    def __init__(self, encoder: PositionEncoder, width: int, device: torch.device) -> None:
        self._encoder = encoder
        self._width = width
        self._device = device
        self._table = torch.zeros(0, width, device=device)

    def at(self, offset: int, frames: int) -> Tensor:
        """Encodings of `frames` positions from `offset` on: [frames, width]."""
        end = offset + frames
        table = self._table
        if end > len(table):
            count = -(-end // self._GROWTH) * self._GROWTH
            positions = torch.arange(1, count + 1)[None, :]
            table = self._encoder.encode(positions, self._width, torch.float32)[0].to(self._device)
            self._table = table
        return table[offset:end]
