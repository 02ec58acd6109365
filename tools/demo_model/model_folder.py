"""A FunASR model folder: building the network from it, and writing weights and feature statistics into it."""

import copy
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import yaml
from funasr import AutoModel

from tools.demo_model.features import MEL_BINS, MelFrames

STACKED = 7
STRIDE = 6
DIMENSIONS = MEL_BINS * STACKED
CTC_HEAD = "ctc."
STATISTICS_TEMPLATE = """<Nnet>
<Splice> {dimensions} {dimensions}
[ 0 ]
<AddShift> {dimensions} {dimensions}
<LearnRateCoef> 0 [ {shift} ]
<Rescale> {dimensions} {dimensions}
<LearnRateCoef> 0 [ {scale} ]
</Nnet>
"""


def build(folder: Path, ctc_weight: float, threads: int) -> torch.nn.Module:
    """Build the network a folder describes, with fresh weights.

    Args:
        folder: Holds `config.yaml`, `tokens.json` and `am.mvn`.
        ctc_weight: The share of the CTC loss in training; 0 builds no CTC head.
        threads: How many threads torch uses.
    """
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    config["model_conf"]["ctc_weight"] = ctc_weight
    config["tokenizer_conf"]["token_list"] = str(folder / "tokens.json")
    config["frontend_conf"]["cmvn_file"] = str(folder / "am.mvn")
    model: torch.nn.Module
    model, _ = AutoModel.build_model(**config, device="cpu", ncpu=threads)
    return model


def load_weights(model: torch.nn.Module, folder: Path) -> None:
    """Load a folder's `model.pt`; a CTC head that it does not have keeps its fresh weights.

    Raises:
        ValueError: The weights belong to another architecture.
    """
    weights = torch.load(folder / "model.pt", map_location="cpu", weights_only=True)
    missing, unexpected = model.load_state_dict(weights, strict=False)
    wrong = [name for name in (*missing, *unexpected) if not name.startswith(CTC_HEAD)]
    if wrong:
        raise ValueError(f"{folder / 'model.pt'} does not fit the architecture: {', '.join(wrong)}")


def save_weights(model: torch.nn.Module, folder: Path) -> None:
    """Write `model.pt`, without the CTC head that only training needs."""
    weights = {name: value for name, value in model.state_dict().items() if not name.startswith(CTC_HEAD)}
    unfinished = folder / "model.pt.unfinished"
    torch.save(copy.deepcopy(weights), unfinished)
    unfinished.replace(folder / "model.pt")


def stack(frames: MelFrames) -> npt.NDArray[np.float32]:
    """Stack seven frames every six, as FunASR's front end does.

    Args:
        frames: Log-mel features of shape (frames, 80).

    Returns:
        Shape (frames / 6 rounded up, 560); the first and last frames are repeated at the ends.
    """
    count = -(-len(frames) // STRIDE)
    centres = np.arange(count)[:, None] * STRIDE
    around = centres + np.arange(STACKED) - STACKED // 2
    picked = np.take(frames, np.clip(around, 0, len(frames) - 1), axis=0)
    stacked: npt.NDArray[np.float32] = picked.astype(np.float32).reshape(count, DIMENSIONS)
    return stacked


def write_statistics(folder: Path, samples: Sequence[MelFrames]) -> None:
    """Write `am.mvn`, what to add to a stacked feature and multiply it with, from examples of speech."""
    features = np.concatenate([stack(frames) for frames in samples]).astype(np.float64)
    shift, scale = -features.mean(axis=0), 1 / features.std(axis=0)
    text = STATISTICS_TEMPLATE.format(
        dimensions=DIMENSIONS,
        shift=" ".join(f"{value:.6f}" for value in shift),
        scale=" ".join(f"{value:.6f}" for value in scale),
    )
    (folder / "am.mvn").write_text(text, encoding="utf-8")
