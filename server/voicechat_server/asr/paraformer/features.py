"""Log-mel features of one chunk, with FunASR's online front end."""

from collections.abc import MutableMapping
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Frontend(Protocol):
    """What the stepper needs of FunASR's `WavFrontendOnline`."""

    def __call__(
        self,
        samples: Tensor,
        lengths: Tensor,
        *,
        cache: MutableMapping[str, object],
        is_final: bool,
    ) -> tuple[Tensor, Tensor]:
        """Return features, [1, frames, features], and their length."""
        ...


def extract(
    frontend: Frontend, samples: NDArray[np.float32], cache: MutableMapping[str, object], *, is_final: bool
) -> Tensor:
    """Return the new frames of one chunk, [frames, features]; `cache` carries the overlap of windows."""
    audio = torch.from_numpy(samples)[None, :]
    features, _ = frontend(audio, torch.tensor([audio.shape[1]]), cache=cache, is_final=is_final)
    return features[0]
