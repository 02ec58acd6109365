"""Voice activity by silero-vad, for many streams at once.

silero-vad (https://github.com/snakers4/silero-vad) decides on one window of each stream at a time. Here the
windows of all streams go through its convolutions together, and only its recurrent cell takes them in turn.
The weights ship in its wheel; a test compares the results with its own.
"""

import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence, pack_sequence, unpack_sequence

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.vad.state import CONTEXT_SAMPLES, STATE_WIDTH, WINDOW_SAMPLES, Judged, VadState

_FRAME = 256
_SHIFT = 128
_PADDING = 64
_STRIDES = (1, 2, 2, 1)
_RECURRENT_WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class _Convolution(NamedTuple):
    """Weights as a matrix, [3 x inputs, outputs], and what is added."""

    weights: Tensor
    bias: Tensor
    stride: int


class VoiceActivityDetector:
    """Speech probabilities of consecutive windows. Only the states of streams change.

    Raises:
        VoicechatError: silero-vad is not installed.
    """

    def __init__(self) -> None:
        weights = _weights()
        self._spectrum = weights["stft.forward_basis_buffer"][:, 0].T.contiguous()
        self._convolutions = [_convolution(weights, layer) for layer in range(len(_STRIDES))]
        self._recurrent = nn.LSTM(STATE_WIDTH, STATE_WIDTH)
        self._recurrent.load_state_dict(
            {f"{name}_l0": weights[f"decoder.rnn.{name}"] for name in _RECURRENT_WEIGHTS}
        )
        self._answer = weights["decoder.decoder.2.weight"][0, :, 0]
        self._answer_bias = weights["decoder.decoder.2.bias"]

    @torch.inference_mode()
    def probabilities(self, streams: Sequence[Judged]) -> list[NDArray[np.float32]]:
        """Return one probability of speech for each window of each stream."""
        windows = pack_sequence([_windows(*stream) for stream in streams], enforce_sorted=False)
        states = [state for _, state in streams]
        hidden = torch.from_numpy(np.stack([state.hidden for state in states]))[None]
        cell = torch.from_numpy(np.stack([state.cell for state in states]))[None]
        features = _with_data(windows, self._features(windows.data))
        found, (hidden, cell) = self._recurrent(features, (hidden, cell))
        logits = torch.relu(found.data) @ self._answer + self._answer_bias
        for row, (samples, state) in enumerate(streams):
            state.hidden, state.cell = hidden[0, row].numpy(), cell[0, row].numpy()
            state.context = samples[-CONTEXT_SAMPLES:].copy()
        return [each.numpy() for each in unpack_sequence(_with_data(found, torch.sigmoid(logits)))]

    def _features(self, windows: Tensor) -> Tensor:
        """What the recurrent cell takes of each window, [windows, 128]."""
        mirrored = windows[:, -_PADDING - 1 : -1].flip(1)
        frames = torch.cat((windows, mirrored), dim=1).unfold(1, _FRAME, _SHIFT)
        real, imaginary = (frames.reshape(-1, _FRAME) @ self._spectrum).chunk(2, dim=1)
        x = (real.square() + imaginary.square()).sqrt().view(len(windows), frames.shape[1], -1)
        for convolution in self._convolutions:
            x = _convolved(x, convolution)
        return x[:, 0]


def _convolved(x: Tensor, convolution: _Convolution) -> Tensor:
    """One layer over [windows, frames, inputs]; each frame with its neighbours is a row of one product."""
    rows = functional.pad(x, (0, 0, 1, 1)).unfold(1, 3, convolution.stride).transpose(2, 3)
    flat = torch.addmm(convolution.bias, rows.reshape(-1, len(convolution.weights)), convolution.weights)
    return torch.relu(flat).view(*rows.shape[:2], -1)


def _windows(samples: NDArray[np.float32], state: VadState) -> Tensor:
    """Windows of one stream with what is before each, [windows, 576]."""
    audio = torch.from_numpy(np.concatenate((state.context, samples)))
    return audio.unfold(0, CONTEXT_SAMPLES + WINDOW_SAMPLES, WINDOW_SAMPLES)


def _with_data(packed: PackedSequence, data: Tensor) -> PackedSequence:
    return PackedSequence(data, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices)


def _convolution(weights: dict[str, Tensor], layer: int) -> _Convolution:
    name = f"encoder.{layer}.reparam_conv"
    weight = weights[f"{name}.weight"].permute(2, 1, 0).flatten(0, 1).contiguous()
    return _Convolution(weight, weights[f"{name}.bias"], _STRIDES[layer])


def _weights() -> dict[str, Tensor]:
    """Read the model for 16 kHz without importing silero-vad, which would restrict PyTorch to one thread."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"`torch\.jit\.", category=DeprecationWarning)
        model = torch.jit.load(str(package_directory() / "data" / "silero_vad.jit"), map_location="cpu")
    return {name: tensor.detach() for name, tensor in model._model.state_dict().items()}


def package_directory() -> Path:
    """Return where silero-vad is installed.

    Raises:
        VoicechatError: It is not.
    """
    spec = find_spec("silero_vad")
    if spec is None or spec.origin is None:
        raise VoicechatError(
            ErrorCode.MISSING_DEPENDENCY, "silero-vad is not installed.", "Run `pip install silero-vad`."
        )
    return Path(spec.origin).parent
