"""Voice activity by silero-vad, whose weights ship in its wheel."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voicechat_common.errors import ErrorCode, VoicechatError

WINDOW_SAMPLES = 512
"""Samples of one decision: 32 ms at 16 kHz."""

_CONTEXT_SAMPLES = 64
_STATE_WIDTH = 128


class VadState:
    """What the detector remembers of one stream."""

    def __init__(self) -> None:
        self.hidden = np.zeros((1, 1, _STATE_WIDTH), np.float32)
        self.cell = np.zeros((1, 1, _STATE_WIDTH), np.float32)
        self.context = np.zeros(_CONTEXT_SAMPLES, np.float32)


class VoiceActivityDetector:
    """Speech probabilities of consecutive windows, many in one call.

    Uses the sequence export of silero-vad (https://github.com/snakers4/silero-vad), whose results equal those
    of the window-by-window model.
    """

    def __init__(self) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        model = _package_directory() / "data" / "silero_vad_16k_sequence.onnx"
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def probabilities(self, samples: NDArray[np.float32], state: VadState) -> NDArray[np.float32]:
        """Return one probability of speech for each window.

        Args:
            samples: Whole windows that follow those of the call before, in [-1, 1].
            state: The stream's memory; updated.
        """
        windows = samples.reshape(-1, WINDOW_SAMPLES)
        contexts = np.vstack((state.context, windows[:-1, -_CONTEXT_SAMPLES:]))
        probabilities, state.hidden, state.cell = self._session.run(
            None,
            {"input": np.concatenate((contexts, windows), axis=1), "h": state.hidden, "c": state.cell},
        )
        state.context = windows[-1, -_CONTEXT_SAMPLES:].copy()
        return np.asarray(probabilities, np.float32)


def _package_directory() -> Path:
    """Find silero-vad without its import, which would restrict PyTorch to one thread."""
    spec = find_spec("silero_vad")
    if spec is None or spec.origin is None:
        raise VoicechatError(
            ErrorCode.MISSING_DEPENDENCY, "silero-vad is not installed.", "Run `pip install silero-vad`."
        )
    return Path(spec.origin).parent
