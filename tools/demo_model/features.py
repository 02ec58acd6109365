"""Log-mel features, equal to those of FunASR's online front end before frames are stacked."""

from typing import TypeAlias

import kaldi_native_fbank
import numpy as np
import numpy.typing as npt

from tools.demo_model.synthesis import SAMPLE_RATE, Waveform

MEL_BINS = 80

MelFrames: TypeAlias = npt.NDArray[np.float16]


def _options() -> kaldi_native_fbank.FbankOptions:
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.samp_freq = SAMPLE_RATE
    options.frame_opts.frame_length_ms = 25
    options.frame_opts.frame_shift_ms = 10
    options.frame_opts.dither = 0
    options.frame_opts.window_type = "hamming"
    options.frame_opts.snip_edges = True
    options.mel_opts.num_bins = MEL_BINS
    options.energy_floor = 0.0
    options.use_energy = False
    return options


def log_mel(samples: Waveform) -> MelFrames:
    """Compute 80 log-mel energies every 10 ms.

    Args:
        samples: Mono speech in [-1, 1] at 16 kHz.

    Returns:
        Frames of shape (frames, 80), in half precision to keep large data sets in memory.
    """
    extractor = kaldi_native_fbank.OnlineFbank(_options())
    extractor.accept_waveform(SAMPLE_RATE, (samples * 32768).tolist())
    extractor.input_finished()
    frames = [extractor.get_frame(index) for index in range(extractor.num_frames_ready)]
    return np.array(frames, dtype=np.float16).reshape(-1, MEL_BINS)
