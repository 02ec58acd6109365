"""Log-mel features of the chunks of many streams, as FunASR's online front end gives them for one.

FunASR (`WavFrontendOnline`) makes a filter bank anew for every chunk of every stream and takes its frames one
by one. Here the windows of all chunks are transformed together. Source of the arithmetic: FunASR and Kaldi
(https://kaldi-asr.org/doc/feat.html); window and filters are those of kaldi-native-fbank.
"""

from collections.abc import Sequence

import kaldi_native_fbank as knf
import numpy as np
import torch
from torch import Tensor

from voicechat_server.asr.models.loading.loaded import Frontend
from voicechat_server.asr.paraformer.state import Chunk

_INT16_SCALE = 1 << 15
"""Samples are scaled as if they were 16-bit integers."""

_PREEMPHASIS = 0.97
"""This much of each sample is subtracted from the next."""

_ENERGY_FLOOR = torch.finfo(torch.float32).eps
"""Keeps the logarithm of silence finite."""


class FeatureExtractor:
    """Extracts features; only its states change.

    Args:
        frontend: FunASR's front end of the model.

    Attributes:
        width: Features of a frame.
    """

    def __init__(self, frontend: Frontend) -> None:
        options = knf.FbankOptions()
        options.frame_opts.samp_freq = float(frontend.fs)
        options.frame_opts.frame_length_ms = float(frontend.frame_length)
        options.frame_opts.window_type = frontend.window
        options.mel_opts.num_bins = frontend.n_mels
        self._length = frontend.frame_sample_length
        self._shift = frontend.frame_shift_sample_length
        self._stacked, self._step = frontend.lfr_m, frontend.lfr_n
        self.width = frontend.n_mels * frontend.lfr_m
        self._window = torch.tensor(knf.FeatureWindowFunction(options.frame_opts).window)
        filters = knf.MelBanks(options.mel_opts, options.frame_opts).get_matrix()
        self._filters = torch.from_numpy(np.ascontiguousarray(filters.T))
        self._fft_length = 2 * (len(self._filters) - 1)
        shift, scale = (torch.as_tensor(row[: self.width], dtype=torch.float32) for row in frontend.cmvn)
        self._shift_by, self._scale_by = shift, scale

    def extract(self, chunks: Sequence[Chunk]) -> list[Tensor]:
        """Return the new frames of each chunk, [frames, features].

        NaN counts as silence: a single one would spoil the step of the whole batch.

        Args:
            chunks: Each of at least one frame of the model, 60 ms.
        """
        windows = [self._windows(chunk) for chunk in chunks]
        if not windows:
            return []
        energies = self._energies(torch.cat(windows)).split([len(each) for each in windows])
        return [self._stack(chunk, each) for chunk, each in zip(chunks, energies, strict=True)]

    def _windows(self, chunk: Chunk) -> Tensor:
        """The whole windows of a chunk, [windows, samples]; the state keeps what begins the next one."""
        state = chunk.state.features
        audio = np.concatenate((state.samples, chunk.samples))
        windows = torch.from_numpy(audio).unfold(0, self._length, self._shift)
        state.samples = audio[len(windows) * self._shift :]
        return windows

    def _energies(self, windows: Tensor) -> Tensor:
        """Log energies of mel bands, [windows, bands]."""
        audio = torch.nan_to_num(windows, posinf=1.0, neginf=-1.0) * _INT16_SCALE
        audio = audio - audio.mean(dim=1, keepdim=True)
        before = torch.cat((audio[:, :1], audio[:, :-1]), dim=1)
        spectrum = torch.fft.rfft((audio - _PREEMPHASIS * before) * self._window, n=self._fft_length)
        power = spectrum.real.square() + spectrum.imag.square()
        energies: Tensor = (power @ self._filters).clamp_min(_ENERGY_FLOOR).log()
        return energies

    def _stack(self, chunk: Chunk, energies: Tensor) -> Tensor:
        """Low-frame-rate features, normalised; the state keeps the frames that the next ones share."""
        state = chunk.state.features
        earlier = energies[:1].expand((self._stacked - 1) // 2, -1) if state.frames is None else state.frames
        frames = torch.cat((earlier, energies))
        count = (len(frames) - self._stacked) // self._step + 1
        if chunk.is_final:
            # The last frame is repeated until all that are left have their features.
            count = -(-(len(frames) - (self._stacked - 1) // 2) // self._step)
            missing = max(0, (count - 1) * self._step + self._stacked - len(frames))
            frames = torch.cat((frames, frames[-1:].expand(missing, -1)))
        state.frames = frames[count * self._step :]
        stacked = frames.unfold(0, self._stacked, self._step)[:count].transpose(1, 2).flatten(1)
        return (stacked + self._shift_by) * self._scale_by
