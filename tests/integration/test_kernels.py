"""The compiled 8-bit steps of a whole model against PyTorch, and against themselves in other company."""

import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tests.support.demo import kernel_cache, load_demo
from tests.support.kernels import unpacked
from voicechat_server.asr.paraformer import kernels
from voicechat_server.asr.paraformer.decoder import DecoderStepper
from voicechat_server.asr.paraformer.encoder import EncoderStepper
from voicechat_server.asr.paraformer.kernels import compiling, linear
from voicechat_server.asr.paraformer.modules import encoder_blocks
from voicechat_server.asr.paraformer.rows import Rows, example_rows
from voicechat_server.asr.paraformer.steppers import Decoder, Encoder

Floats = NDArray[np.float32]

pytestmark = pytest.mark.skipif(not kernels.can_run_here(), reason="the processor has no AVX2")


class AsIfQuantised(nn.Module):
    """A linear map in floats of what the kernel computes in integers."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        packed = linear.pack([layer])
        scales = torch.from_numpy(packed.columns[0, 0])[:, None]
        weights = torch.from_numpy(unpacked(packed, 0)).float() * scales
        self.weight = weights[: layer.out_features, : layer.in_features]
        self.bias = layer.bias

    def forward(self, x: Tensor) -> Tensor:
        least, most = x.amin(-1, keepdim=True).clamp_max(0), x.amax(-1, keepdim=True).clamp_min(0)
        scale = ((most - least) / 127).clamp_min(1e-12)
        zero = (0.5 - least / scale).floor()
        return nn.functional.linear(((x / scale + zero + 0.5).floor() - zero) * scale, self.weight, self.bias)


@cache
def demo_parts() -> tuple[kernels.EncoderKernel, EncoderStepper, kernels.DecoderKernel, DecoderStepper]:
    """The demo model's steppers: compiled, and recorded with maps that are as if quantised."""
    spent, model = load_demo("cpu").model, load_demo("cpu").model
    parts = [model.get_submodule("encoder"), model.get_submodule("decoder")]
    for part in parts:
        for parent in list(part.modules()):
            for name, child in list(parent.named_children()):
                if isinstance(child, nn.Linear):
                    setattr(parent, name, AsIfQuantised(child).requires_grad_(requires_grad=False))
    encoder = kernels.EncoderKernel(spent.get_submodule("encoder"), kernel_cache())
    decoder = kernels.DecoderKernel(spent.get_submodule("decoder"), kernel_cache())
    return encoder, EncoderStepper(parts[0]), decoder, DecoderStepper(parts[1])


def rows_of(slots: list[int], lengths: list[int], final: list[bool]) -> Rows:
    made = example_rows(max(slots) + 1, frames=15, device=torch.device("cpu")).states
    return Rows(
        [made[slot] for slot in slots], torch.tensor(slots), torch.tensor(final), torch.tensor(lengths)
    )


def encoded(stepper: Encoder[Any], chunks: int, slots: list[int], look_back: tuple[int, int]) -> list[Tensor]:
    """Encode a few chunks of streams; the first one ends early with a short chunk."""
    ring = stepper.look_back(*look_back)
    ring.resize(8)
    for slot in slots:
        ring.clear(slot)
    rows = rows_of(slots, [15] * len(slots), [False] * len(slots))
    results = []
    with torch.inference_mode():
        for turn in range(chunks):
            is_last = turn == chunks - 1
            lengths = [7 if is_last and slot == 0 else 15 for slot in slots]
            final = [is_last and slot == 0 for slot in slots]
            rows = Rows(rows.states, rows.slots, torch.tensor(final), torch.tensor(lengths))
            x = torch.zeros(len(slots), 15, 560)
            for row, slot in enumerate(slots):
                generator = torch.Generator().manual_seed(100 * turn + slot)
                x[row, : lengths[row]] = torch.randn(lengths[row], 560, generator=generator)
            results.append(stepper.step(x[:, : max(lengths)], rows, ring, kept=10))
            for state in rows.states:
                state.encoder_frames += 10
    return results


def distance(one: Tensor, other: Tensor) -> float:
    """Of two results, as a part of their size."""
    return float((one - other).norm() / other.norm())


@pytest.mark.parametrize("look_back", [(4, 10), (0, 10), (-1, 10)])
def test_the_encoder_does_what_pytorch_does_with_such_numbers(look_back: tuple[int, int]) -> None:
    compiled, recorded, _, _ = demo_parts()
    found, expected = (encoded(stepper, 7, [2, 0, 5], look_back) for stepper in (compiled, recorded))
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        assert distance(one, other) < 0.01


def test_a_stream_is_encoded_the_same_to_the_last_bit_in_any_company() -> None:
    compiled, _, _, _ = demo_parts()
    together = encoded(compiled, 7, [4, 2, 0, 5, 7, 1, 3, 6], (4, 10))
    for slot in (4, 0, 6):
        alone = encoded(compiled, 7, [slot], (4, 10))
        row = [4, 2, 0, 5, 7, 1, 3, 6].index(slot)
        for one, other in zip(alone, together, strict=True):
            assert torch.equal(one[0], other[row, : one.shape[1]])


@pytest.mark.parametrize("look_back", [(1, 10), (0, 10), (-1, 10)])
def test_the_decoder_does_what_pytorch_does_with_such_numbers(look_back: tuple[int, int]) -> None:
    _, _, compiled, recorded = demo_parts()
    width = len(recorded._numbers)
    rings, memories = [], []
    steppers: list[Decoder[Any]] = [compiled, recorded]
    for stepper in steppers:
        rings.append(stepper.look_back(*look_back))
        rings[-1].resize(6)
        memories.append(stepper.memory(6))
    slots, same, total = [3, 0, 5], 0, 0
    for ring in rings:
        for slot in slots:
            ring.clear(slot)
    generator = torch.Generator().manual_seed(1)
    rows = rows_of(slots, [15, 15, 15], [False, False, False])
    with torch.inference_mode():
        for _ in range(6):
            counts = torch.randint(1, 20, (3,), generator=generator)
            x = torch.randn(3, int(counts.max()), width, generator=generator)
            frames = torch.randn(3, 15, width, generator=generator)
            found, expected = (
                stepper.step(x, counts, frames, rows, memory, ring)
                for stepper, memory, ring in zip(steppers, memories, rings, strict=True)
            )
            valid = torch.arange(x.shape[1])[None, :] < counts[:, None]
            same += int((found == expected)[valid].sum())
            total += int(valid.sum())
            for state in rows.states:
                state.decoder_frames += 15
    assert distance(memories[0], memories[1]) < 0.01
    assert same > 0.97 * total


def test_packed_weights_replace_those_in_fp32() -> None:
    encoder = load_demo("cpu").model.get_submodule("encoder")
    kernels.EncoderKernel(encoder, kernel_cache())
    assert not encoder.get_parameter("encoders.0.self_attn.linear_out.weight").numel()


def test_models_of_other_sizes_are_left_to_pytorch() -> None:
    model = load_demo("cpu").model
    encoder, decoder = model.get_submodule("encoder"), model.get_submodule("decoder")
    assert kernels.fit(encoder, decoder)
    encoder_blocks(encoder)[1].feed_forward.activation = nn.SiLU()
    assert not kernels.fit(encoder, decoder)


STARTED = """
import sys
from pathlib import Path
from voicechat_server.asr.paraformer.kernels.compiling import entry
def double(x): return 2 * x
sys.modules["__main__"].__file__ = __file__
compiled = entry(double, Path(sys.argv[1]) if sys.argv[1] else None)
assert compiled(21) == 42
print(sum(compiled.stats.cache_hits.values()))
"""


def test_the_second_start_finds_what_the_first_one_compiled(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(STARTED, encoding="utf-8")

    def hits(cache: Path | str) -> int:
        command = [sys.executable, str(program), str(cache)]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])

    assert [hits(tmp_path / "cache"), hits(tmp_path / "cache"), hits("")] == [0, 1, 0]


def test_without_a_place_to_keep_them_they_are_compiled_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compile_only(function: Callable[..., int], *, cache: bool = False) -> Callable[..., int]:
        if cache:
            raise RuntimeError("no locator available")
        return function

    monkeypatch.setattr(compiling, "_compile", compile_only)
    assert compiling.entry(abs, tmp_path) is abs
