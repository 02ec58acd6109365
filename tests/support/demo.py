"""The demo model in this process, and what FunASR itself makes of the samples with it."""

from functools import cache
from pathlib import Path

from tests.support.funasr_oracle import recognise_by_funasr
from tests.support.samples import as_float, pcm
from voicechat_server.asr.config import ModelConfig
from voicechat_server.asr.models.cache import kernels
from voicechat_server.asr.models.loading.loaded import LoadedModel
from voicechat_server.asr.models.loading.loader import load
from voicechat_server.asr.models.resolving import resolve
from voicechat_server.settings.model import Settings


@cache
def demo_model() -> LoadedModel:
    """The demo model, loaded once; not to be changed."""
    return load_demo("cpu")


def load_demo(device: str) -> LoadedModel:
    """A demo model of the caller's own."""
    return load(resolve(ModelConfig("demo", "ms", "v2.0.4", Path("unused"))), device, 2)


def kernel_cache() -> Path:
    """Where servers under test keep their kernels too, so that they are compiled once."""
    return kernels(Settings().cache_dir)


def funasr_text(data: bytes) -> str:
    """The text FunASR gives for audio, as `AutoModel.generate(cache=...)` with the server's defaults."""
    return recognise_by_funasr(demo_model(), as_float(data)).text


@cache
def sample_by_funasr(name: str) -> str:
    """The text FunASR gives for a sample."""
    return funasr_text(pcm(name))
