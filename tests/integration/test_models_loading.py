"""A model in memory is what FunASR itself makes of the same directory, without FunASR's side effects."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
import yaml

from tests.support.models import copy_demo
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.config import ModelConfig
from voicechat_server.asr.models.catalog import demo_directory
from voicechat_server.asr.models.directory.files import CONFIG, WEIGHTS, ModelFiles
from voicechat_server.asr.models.loading.loaded import LoadedModel
from voicechat_server.asr.models.loading.loader import load
from voicechat_server.asr.models.resolving import resolve

CHUNK_SIZE = [0, 10, 5]
STRIDE = 9_600


@pytest.fixture(scope="module")
def demo() -> ModelFiles:
    return resolve(ModelConfig("demo", "ms", "v2.0.4", Path("/nonexistent")))


@pytest.fixture(scope="module")
def loaded(demo: ModelFiles) -> LoadedModel:
    return load(demo, "cpu", 1)


@pytest.fixture(autouse=True)
def _threads_as_before() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return copy_demo(tmp_path / "model")


def refusal(path: Path, device: str = "cpu") -> VoicechatError:
    with pytest.raises(VoicechatError) as caught:
        load(ModelFiles(path, "model", "local"), device, 1)
    return caught.value


def edit_config(model: Path, section: str, **settings: object) -> None:
    content = yaml.safe_load((model / CONFIG).read_text(encoding="utf-8"))
    content.setdefault(section, {}).update(settings)
    (model / CONFIG).write_text(yaml.safe_dump(content), encoding="utf-8")


def test_the_model_is_the_one_that_funasr_loads(loaded: LoadedModel) -> None:
    from funasr import AutoModel

    oracle = AutoModel(
        model=str(demo_directory()),
        device="cpu",
        ncpu=1,
        disable_update=True,
        disable_pbar=True,
        log_level="ERROR",
    )
    wanted = oracle.model.state_dict()
    found = loaded.model.state_dict()
    assert list(found) == list(wanted)
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert type(loaded.model) is type(oracle.model)
    assert not loaded.model.training
    assert loaded.tokens == oracle.kwargs["token_list"]
    assert torch.equal(vars(loaded.frontend)["cmvn"], oracle.kwargs["frontend"].cmvn)

    samples = demo_directory() / "samples"
    transcripts = json.loads((samples / "transcripts.json").read_text(encoding="utf-8"))
    expected = recognise(oracle.generate, samples / "greeting.wav")
    assert expected == transcripts["greeting"]
    oracle.model = loaded.model
    oracle.kwargs["frontend"] = oracle._base_kwargs_map["kwargs"]["frontend"] = loaded.frontend
    assert recognise(oracle.generate, samples / "greeting.wav") == expected


def recognise(generate: Callable[..., list[dict[str, str]]], path: Path) -> str:
    samples, _ = soundfile.read(path, dtype="float32")
    cache: dict[str, object] = {}
    text = ""
    for begin in range(0, len(samples), STRIDE):
        answer = generate(
            input=samples[begin : begin + STRIDE],
            cache=cache,
            is_final=begin + STRIDE >= len(samples),
            chunk_size=CHUNK_SIZE,
            encoder_chunk_look_back=4,
            decoder_chunk_look_back=1,
        )
        text += answer[0]["text"]
    return text


def test_what_the_model_is_called_comes_along(loaded: LoadedModel, demo: ModelFiles) -> None:
    assert (loaded.name, loaded.revision) == ("demo", demo.revision)
    assert loaded.config["model"] == "ParaformerStreaming"
    assert loaded.frontend.output_size() == 560


def test_dither_is_off_even_where_the_config_asks_for_it(model: Path) -> None:
    edit_config(model, "frontend_conf", dither=1.0)
    frontend = load(ModelFiles(model, "model", "local"), "cpu", 1).frontend
    samples = torch.from_numpy(np.random.default_rng(1).uniform(-1, 1, (1, STRIDE)).astype(np.float32))
    first, second = (frontend(samples, torch.tensor([STRIDE]), cache={}, is_final=True)[0] for _ in range(2))
    assert torch.equal(first, second)


def test_settings_for_training_alone_do_no_harm(model: Path) -> None:
    edit_config(model, "specaug_conf", apply_time_warp=False, lfr_rate=6, time_mask_width_range=[0, 12])
    content = yaml.safe_load((model / CONFIG).read_text(encoding="utf-8")) | {"specaug": "SpecAugLFR"}
    (model / CONFIG).write_text(yaml.safe_dump(content), encoding="utf-8")
    assert load(ModelFiles(model, "model", "local"), "cpu", 1).config["specaug"] == "SpecAugLFR"


def test_tensors_that_only_training_needs_are_left_out(model: Path) -> None:
    weights = torch.load(model / WEIGHTS, weights_only=True)
    torch.save(weights | {"ctc.ctc_lo.weight": torch.zeros(3, 3)}, model / WEIGHTS)
    loaded = load(ModelFiles(model, "model", "local"), "cpu", 1)
    assert set(loaded.model.state_dict()) == set(weights)


@pytest.mark.parametrize("change", ["missing", "shape"])
def test_weights_that_do_not_fill_the_model_are_refused(model: Path, change: str) -> None:
    weights = torch.load(model / WEIGHTS, weights_only=True)
    name = "encoder.after_norm.weight"
    if change == "missing":
        del weights[name]
    else:
        weights[name] = weights[name][:-1]
    torch.save(weights, model / WEIGHTS)
    error = refusal(model)
    assert error.code is ErrorCode.MODEL_CORRUPT
    assert name in error.message


@pytest.mark.parametrize("settings", [{"attention_heads": 3}, {"input_layer": "other"}, {"no_such": 1}])
def test_settings_that_funasr_cannot_build_are_named(model: Path, settings: dict[str, object]) -> None:
    edit_config(model, "encoder_conf", **settings)
    error = refusal(model)
    assert error.code is ErrorCode.MODEL_UNSUPPORTED
    assert CONFIG in error.message


def test_a_front_end_that_funasr_cannot_build_is_named(model: Path) -> None:
    edit_config(model, "frontend_conf", window="no such window")
    error = refusal(model)
    assert error.code is ErrorCode.MODEL_UNSUPPORTED
    assert CONFIG in error.message


def test_zero_threads_is_one_per_core(demo: ModelFiles) -> None:
    load(demo, "cpu", 0)
    assert torch.get_num_threads() == len(os.sched_getaffinity(0))


def test_random_numbers_go_on_as_if_nothing_had_been_loaded(demo: ModelFiles) -> None:
    random.seed(7)
    np.random.seed(7)
    expected = (random.random(), np.random.random())
    random.seed(7)
    np.random.seed(7)
    load(demo, "cpu", 1)
    assert (random.random(), np.random.random()) == expected


@pytest.mark.parametrize("threads", [1, 2])
def test_the_threads_are_those_asked_for(demo: ModelFiles, threads: int) -> None:
    load(demo, "cpu", threads)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:-1", "cuda:x", "CPU", "", "cpu:0", "meta"])
def test_a_device_that_is_none(device: str) -> None:
    assert refusal(demo_directory(), device).code is ErrorCode.BAD_SETTING


def test_an_absent_device_is_an_error_and_no_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    for device in ("cuda", "cuda:0", "mps"):
        error = refusal(demo_directory(), device)
        assert error.code is ErrorCode.DEVICE_ABSENT
        assert device in error.message
        assert "--device cpu" in error.advice


def test_a_gpu_beyond_the_last_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    error = refusal(demo_directory(), "cuda:3")
    assert error.code is ErrorCode.DEVICE_ABSENT
    assert "1 CUDA device" in error.message


def test_a_missing_feature_library_shows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from funasr.utils import fbank

    monkeypatch.setattr(fbank, "_HAS_TORCHAUDIO", False)
    monkeypatch.setattr(fbank, "_knf", None)
    error = refusal(demo_directory())
    assert error.code is ErrorCode.MISSING_DEPENDENCY
    assert "pip install kaldi-native-fbank" in error.advice


LOADING = """
import json, logging, sys
from voicechat_server.asr.config import ModelConfig
from voicechat_server.asr.models.loading.loader import load
from voicechat_server.asr.models.resolving import resolve
from pathlib import Path

def present(*names):
    return [name for name in names if name in sys.modules]

at_import = present("torch", "funasr", "httpx", "omegaconf")
files = resolve(ModelConfig("demo", "ms", "v2.0.4", Path("/nonexistent")))
before_load = present("funasr", "httpx")
streams = (sys.stdout, sys.stderr)
load(files, "cpu", 1)
after_load = present("transformers", "modelscope", "sklearn", "httpx")
assert (sys.stdout, sys.stderr) == streams
json.dump([at_import, before_load, after_load, [str(h) for h in logging.getLogger().handlers]], sys.stdout)
"""


def test_loading_prints_nothing_and_imports_little() -> None:
    ended = subprocess.run([sys.executable, "-c", LOADING], capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    assert json.loads(ended.stdout) == [[], [], [], []]


MISSING = """
import sys
sys.modules[{module!r}] = None
from pathlib import Path
from voicechat_common.errors import VoicechatError
from voicechat_server.asr.models.directory.files import ModelFiles
from voicechat_server.asr.models.loading.loader import load
from voicechat_server.asr.models.catalog import demo_directory
try:
    load(ModelFiles(demo_directory(), "demo", "1"), "cpu", 1)
except VoicechatError as error:
    print(error.code, error.advice)
"""


@pytest.mark.parametrize("module", ["torch", "funasr", "librosa"])
def test_a_missing_library_is_named_with_the_command_that_installs_it(module: str) -> None:
    code = MISSING.format(module=module)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("missing_dependency ")
    assert "pip install 'voicechat[server]'" in ended.stdout
