"""The systems that this one is compared with, each behind the same call: process 600 ms of one stream."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import numpy as np

from bench.audio import Audio
from bench.onnx_files import DECODER, ENCODER, TOKEN_TABLE
from voicechat_server.asr.config import SAMPLE_RATE

Feed = Callable[[Audio], None]
"""Takes the next chunk of one stream and recognises it to its end."""


class System(StrEnum):
    """A system that recognises with a streaming Paraformer."""

    STOCK = "FunASR AutoModel, fp32"
    FUNASR_ONNX = "funasr-onnx, int8"
    SHERPA_ONNX = "sherpa-onnx, int8"


def stream(system: System, model: Path, threads: int, device: str) -> Feed:
    """Return a stream of a system.

    Args:
        system: Which one.
        model: A model directory; the exported one for all but FunASR itself.
        threads: CPU threads it may use.
        device: Where FunASR itself computes; the others compute on the CPU.
    """
    match system:
        case System.STOCK:
            return _stock(model, threads, device)
        case System.FUNASR_ONNX:
            return _funasr_onnx(model, threads)
        case System.SHERPA_ONNX:
            return _sherpa_onnx(model, threads)


def _stock(model: Path, threads: int, device: str) -> Feed:
    from funasr import AutoModel

    loaded = AutoModel(
        model=str(model),
        device=device,
        ncpu=threads,
        disable_update=True,
        disable_pbar=True,
        disable_log=True,
    )
    cache: dict[str, object] = {}

    def feed(samples: Audio) -> None:
        loaded.generate(
            input=samples,
            cache=cache,
            is_final=False,
            chunk_size=[0, 10, 5],
            encoder_chunk_look_back=4,
            decoder_chunk_look_back=1,
        )

    return feed


def _funasr_onnx(model: Path, threads: int) -> Feed:
    from funasr_onnx.paraformer_online_bin import Paraformer

    recogniser = Paraformer(str(model), quantize=True, chunk_size=[0, 10, 5], intra_op_num_threads=threads)
    state: dict[str, object] = {"cache": {}, "is_final": False}

    def feed(samples: Audio) -> None:
        recogniser(np.asarray(samples), param_dict=state)

    return feed


def _sherpa_onnx(model: Path, threads: int) -> Feed:
    import sherpa_onnx

    recogniser = sherpa_onnx.OnlineRecognizer.from_paraformer(
        tokens=str(model / TOKEN_TABLE),
        encoder=str(model / ENCODER),
        decoder=str(model / DECODER),
        num_threads=threads,
    )
    state = recogniser.create_stream()

    def feed(samples: Audio) -> None:
        state.accept_waveform(SAMPLE_RATE, samples)
        while recogniser.is_ready(state):
            recogniser.decode_stream(state)

    return feed
