"""Sinusoidal positions, computed once by FunASR's own encoder and looked up per row."""

import torch
from torch import Tensor

from voicechat_server.asr.paraformer.modules import PositionEncoder


class PositionTable:
    """Positional encodings of `StreamSinusoidalPositionEncoder`, which recomputes them for every chunk.

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
        if end > len(self._table):
            count = -(-end // self._GROWTH) * self._GROWTH
            positions = torch.arange(1, count + 1)[None, :]
            self._table = self._encoder.encode(positions, self._width, torch.float32)[0].to(self._device)
        return self._table[offset:end]
