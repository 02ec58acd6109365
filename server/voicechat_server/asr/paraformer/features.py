"""Log-mel features of one chunk, with FunASR's online front end."""

from collections.abc import MutableMapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voicechat_server.asr.models.loaded import Frontend


def extract(
    frontend: Frontend, samples: NDArray[np.float32], cache: MutableMapping[str, object], *, is_final: bool
) -> Tensor:
    """Return the new frames of one chunk, [frames, features]; `cache` carries the overlap of windows.

    What is no number counts as silence: one of them would end the step of the whole batch.
    """
    audio = torch.from_numpy(np.nan_to_num(samples, posinf=1.0, neginf=-1.0))[None, :]
    features, _ = frontend(audio, torch.tensor([audio.shape[1]]), cache=cache, is_final=is_final)
    return features[0]
