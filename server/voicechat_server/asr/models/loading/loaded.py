"""A model in memory."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor, nn


class Frontend(Protocol):
    """FunASR's `WavFrontendOnline`: from samples to features, with the overlap kept in `cache`.

    Attributes:
        fs: Samples per second.
        window: Name of the shape of a window.
        n_mels: Mel bands.
        frame_length: Milliseconds of a window.
        frame_sample_length: Its samples.
        frame_shift_sample_length: Samples from one window to the next.
        lfr_m: Windows whose bands make the features of one frame.
        lfr_n: Windows from one frame to the next.
        cmvn: What is added to the features, and what they are multiplied with, [2, features or more].
    """

    fs: int
    window: str
    n_mels: int
    frame_length: int
    frame_sample_length: int
    frame_shift_sample_length: int
    lfr_m: int
    lfr_n: int
    cmvn: NDArray[np.float64]

    def __call__(
        self,
        samples: "Tensor",
        lengths: "Tensor",
        *,
        cache: MutableMapping[str, object],
        is_final: bool,
    ) -> tuple["Tensor", "Tensor"]:
        """Return features, [batch, frames, features], and their lengths, [batch]."""

    def output_size(self) -> int:
        """Return how many features a frame has."""


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to be stepped.

    Attributes:
        model: FunASR's `ParaformerStreaming`, in evaluation mode, on its device, in fp32.
        frontend: FunASR's feature extraction, without dither, so that the same audio gives the same tokens.
        tokens: The text of each token id.
        config: The parsed `config.yaml`.
        name: The model's name.
        revision: Which state of the model this is.
    """

    model: "nn.Module"
    frontend: Frontend
    tokens: list[str]
    config: dict[str, object]
    name: str
    revision: str
