"""FunASR's own results, to compare with; its package is entered without its slow start."""

from collections.abc import Mapping, Sequence
from typing import Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray

from voicechat_common.protocol.speech import ChunkSize
from voicechat_server.asr.config import FRAME_SAMPLES
from voicechat_server.asr.models.loading.funasr_parts import registered
from voicechat_server.asr.models.loading.loaded import LoadedModel


def text_by_funasr(tokens: Sequence[str]) -> str:
    """What FunASR makes of the tokens of one call."""
    registered("model_classes", "ParaformerStreaming")
    from funasr.utils.postprocess_utils import sentence_postprocess

    text, _ = sentence_postprocess(list(tokens))
    return str(text)


class _Tokenizer:
    """Turns ids to tokens as FunASR's does, and keeps them: `inference` returns text alone."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tokens
        self.given: list[str] = []

    def ids2tokens(self, ids: Sequence[int]) -> list[str]:
        tokens = [self._tokens[index] for index in ids]
        self.given += tokens
        return tokens


class _Inference(Protocol):
    """`ParaformerStreaming.inference`."""

    def __call__(
        self, data_in: list[NDArray[np.float32]], *, key: list[str], **settings: object
    ) -> tuple[list[Mapping[str, str]], object]: ...


class FunasrStream:
    """One stream in `ParaformerStreaming.inference`, which is what `AutoModel.generate(cache=...)` calls.

    Args:
        loaded: The model; its weights are only read.
        chunk_size: `[left, step, look-ahead]` in frames.
        encoder_look_back: Earlier chunks each encoder block attends to.
        decoder_look_back: Earlier chunks each decoder block attends to.

    Attributes:
        text: The texts of all calls, joined.
    """

    def __init__(
        self, loaded: LoadedModel, chunk_size: ChunkSize, *, encoder_look_back: int, decoder_look_back: int
    ) -> None:
        self.text = ""
        self._inference = cast("_Inference", loaded.model.inference)
        self._tokenizer = _Tokenizer(loaded.tokens)
        self._settings: dict[str, object] = loaded.config | {
            "tokenizer": self._tokenizer,
            "frontend": loaded.frontend,
            "device": "cpu",
            "cache": {},
            "chunk_size": list(chunk_size),
            "encoder_chunk_look_back": encoder_look_back,
            "decoder_chunk_look_back": decoder_look_back,
        }

    @property
    def tokens(self) -> list[str]:
        """The tokens of all calls."""
        return self._tokenizer.given

    @torch.no_grad()
    def feed(self, samples: NDArray[np.float32], *, is_final: bool) -> None:
        """Give it the next audio: one step, or fewer samples when final."""
        results, _ = self._inference([samples], key=["stream"], is_final=is_final, **self._settings)
        self.text += results[0]["text"]


def recognise_by_funasr(
    loaded: LoadedModel,
    audio: NDArray[np.float32],
    chunk_size: ChunkSize = (0, 10, 5),
    *,
    encoder_look_back: int = 4,
    decoder_look_back: int = 1,
) -> FunasrStream:
    """Return a stream to which all audio was given, chunk by chunk."""
    stream = FunasrStream(
        loaded, chunk_size, encoder_look_back=encoder_look_back, decoder_look_back=decoder_look_back
    )
    stride = chunk_size[1] * FRAME_SAMPLES
    chunks = len(audio) // stride
    for index in range(chunks + 1):
        stream.feed(audio[index * stride : (index + 1) * stride], is_final=index == chunks)
    return stream
