"""The number formats beside fp32: what they may cost in accuracy, and where they are offered."""

from collections.abc import Iterator

import pytest
import torch
from jiwer import cer

from bench.accuracy import recognise
from tests.support.demo import kernel_cache, load_demo
from tests.support.memory import unwritten_is_nan
from tests.support.samples import as_float, pcm, transcripts
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.paraformer import kernels
from voicechat_server.asr.paraformer.encoder import EncoderStepper
from voicechat_server.asr.paraformer.network import Network
from voicechat_server.asr.paraformer.precision import Precision, choose, convert

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture(autouse=True)
def _unwritten_is_nan() -> Iterator[None]:
    with unwritten_is_nan():
        yield


def network(precision: Precision, device: str = "cpu") -> Network:
    """A demo model of its own in a precision."""
    return Network(load_demo(device), precision, kernel_cache())


def error_rate(network: Network) -> float:
    """Errors of all samples, stepped together as one batch, per character."""
    said = transcripts()
    texts = recognise(network, {name: as_float(pcm(name)) for name in said})
    return float(cer(list(said.values()), [texts[name] for name in said]))


@pytest.mark.parametrize("precision", [Precision.INT8, Precision.BF16])
def test_the_error_rate_stays_within_a_tenth_of_a_point_of_fp32(precision: Precision) -> None:
    """On CPU tensors, which run the same steps as CUDA's."""
    assert error_rate(network(precision)) <= error_rate(network(Precision.FP32)) + 0.001


def test_so_it_does_where_kernels_are_not_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "are_faster_here", lambda: False)
    recorded = network(Precision.INT8)
    assert isinstance(recorded.encoder, EncoderStepper)
    assert error_rate(recorded) <= error_rate(network(Precision.FP32)) + 0.001


@pytest.mark.gpu
@pytest.mark.parametrize("precision", [Precision.FP32, Precision.FP16, Precision.BF16])
def test_a_gpu_recognises_as_well(precision: Precision) -> None:
    assert error_rate(network(precision, "cuda:0")) <= error_rate(network(Precision.FP32)) + 0.001


def test_int8_weights_take_a_quarter_of_the_memory_of_fp32_ones() -> None:
    loaded = load_demo("cpu")
    whole = sum(parameter.nbytes for parameter in loaded.model.parameters())
    convert(loaded.model, Precision.INT8)
    left = sum(parameter.nbytes for parameter in loaded.model.parameters())
    assert left < whole / 4


def test_automatic_is_the_fastest_that_recognises_as_well() -> None:
    assert choose("auto", CPU) is Precision.INT8
    assert choose("auto", CUDA) is Precision.FP16
    assert choose("fp32", CPU) is Precision.FP32


@pytest.mark.parametrize(("wanted", "device"), [("fp16", CPU), ("bf16", CPU), ("int8", CUDA)])
def test_a_precision_the_device_does_not_have_is_refused(wanted: str, device: torch.device) -> None:
    with pytest.raises(VoicechatError, match=wanted) as caught:
        choose(wanted, device)
    assert caught.value.code is ErrorCode.BAD_SETTING
