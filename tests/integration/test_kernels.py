"""The compiled 8-bit steps against exact integers, PyTorch, and themselves in other company."""

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
from tests.support.kernels import alone, unpacked
from voicechat_server.asr.paraformer import kernels
from voicechat_server.asr.paraformer.decoder import DecoderStepper
from voicechat_server.asr.paraformer.encoder import EncoderStepper
from voicechat_server.asr.paraformer.kernels import attention, compiling, linear
from voicechat_server.asr.paraformer.modules import encoder_blocks
from voicechat_server.asr.paraformer.rows import Rows, example_rows
from voicechat_server.asr.paraformer.steppers import Decoder, Encoder

Floats = NDArray[np.float32]

pytestmark = pytest.mark.skipif(not kernels.can_run_here(), reason="the processor has no AVX2")


def mapped(
    layers: list[nn.Linear], layer: int, x: Floats, before: Floats, least: float, *, add: bool
) -> Floats:
    """What the kernel makes of rows; checked against the same in exact integers."""
    packed = linear.pack(layers)
    quantised = linear.quantised_workspace(len(x), x.shape[1])
    result = linear.row_workspace(len(x), packed.columns.shape[2])
    result[: len(x)] = before
    alone(linear.quantise)(x, len(x), quantised)
    alone(linear.multiply)(quantised, len(x), packed, layer, result, least, add)
    weights, (scales, _, biases) = unpacked(packed, layer), packed.columns[layer]
    numbers = quantised.numbers[: len(x)].astype(int) - quantised.zeros[: len(x), None].astype(int)
    exact = (numbers @ weights.T) * (quantised.scales[: len(x), None] * scales.astype(float)) + biases
    exact = np.maximum(exact, least) + (before if add else 0)
    np.testing.assert_allclose(result[: len(x)], exact, rtol=1e-4, atol=1e-4 * np.abs(exact).max())
    return result[: len(x)]


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 15, 17])
@pytest.mark.parametrize(("inputs", "outputs"), [(16, 16), (560, 48), (100, 50), (512, 64)])
def test_a_map_gives_what_integers_give_and_nearly_what_floats_give(
    rows: int, inputs: int, outputs: int
) -> None:
    torch.manual_seed(rows)
    layers = [nn.Linear(inputs, outputs).requires_grad_(requires_grad=False) for _ in range(2)]
    x = torch.randn(rows, inputs)
    expected = layers[1](x)
    for least, add in ((linear.UNBOUNDED, False), (0.0, False), (linear.UNBOUNDED, True)):
        before = np.random.default_rng(0).standard_normal((rows, -(-outputs // 16) * 16)).astype(np.float32)
        copies = [nn.Linear(inputs, outputs) for _ in layers]
        for copy, layer in zip(copies, layers, strict=True):
            copy.load_state_dict(layer.state_dict())
        found = mapped(copies, 1, x.numpy(), before, least, add=add)[:, :outputs]
        goal = expected.clamp_min(least).numpy() + (before[:, :outputs] if add else 0)
        assert np.abs(found - goal).max() < 0.05 * np.abs(goal).max()


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("spread", ["all", "pairs", "one"])
def test_no_weights_and_no_inputs_overflow(sign: int, spread: str) -> None:
    """Weights of one sign as large as can be, where the products meet in 16 bits."""
    layer = nn.Linear(64, 16, bias=False)
    weights = torch.zeros(16, 64)
    if spread == "all":
        weights[:] = sign
    elif spread == "pairs":
        weights[:, 0::8] = weights[:, 1::8] = weights[:, 4::8] = weights[:, 5::8] = sign * 0.999
    else:
        weights[:, 7] = sign
    layer.weight.data = weights
    x = np.stack([np.ones(64), -np.ones(64), np.where(np.arange(64) % 2, 1e6, -1e6)]).astype(np.float32)
    found = mapped([layer], 0, x, np.zeros((3, 16), np.float32), linear.UNBOUNDED, add=False)
    expected = x @ weights.numpy().T
    assert np.abs(found - expected).max() <= 0.02 * np.abs(x).max() * np.abs(weights.numpy()).sum(1).max()


def test_zero_stays_zero() -> None:
    layer = nn.Linear(32, 16, bias=False)
    found = mapped([layer], 0, np.zeros((2, 32), np.float32), np.ones((2, 16), np.float32), -1.0, add=False)
    assert not found.any()


@pytest.mark.parametrize(("tokens", "written"), [([1, 4], [0, 3]), ([15, 15], [10, 50]), ([40, 2], [7, 8])])
def test_attention_is_pytorchs(tokens: list[int], written: list[int]) -> None:
    generator = np.random.default_rng(len(tokens))
    heads, size, ring, frames = 3, 16, 8, [5, 6]
    rings = generator.standard_normal((3, 2 * heads, ring, size)).astype(np.float32)
    own = generator.standard_normal((sum(frames), 2 * heads * size)).astype(np.float32)
    queries = generator.standard_normal((sum(tokens), heads * size)).astype(np.float32)
    context = np.zeros_like(queries)
    starts, frame_starts, slots, kept = np.cumsum([0, *tokens]), np.cumsum([0, *frames]), [2, 0], [4, 0]
    before = rings.copy()
    look_backs = attention.LookBacks(rings, np.array(slots), np.array(written), np.array(kept))
    alone(attention.attend)(
        0, heads, queries, starts, attention.Frames(own, frame_starts, 0), look_backs,
        attention.attention_workspace(size, ring + max(frames)), context,
    )  # fmt: skip
    keys_and_values = torch.from_numpy(own).unflatten(1, (2, heads, size))
    for stream, slot in enumerate(slots):
        mine = keys_and_values[frame_starts[stream] : frame_starts[stream + 1]]
        earlier = torch.from_numpy(before[slot, :, : min(written[stream], ring)]).unflatten(0, (heads, 2))
        keys, values = (
            torch.cat((earlier[:, part], mine[:, part].transpose(0, 1)), dim=1) for part in (0, 1)
        )
        asked = torch.from_numpy(queries[starts[stream] : starts[stream + 1]]).unflatten(1, (heads, size))
        expected = nn.functional.scaled_dot_product_attention(asked.transpose(0, 1), keys, values)
        found = torch.from_numpy(context[starts[stream] : starts[stream + 1]]).unflatten(1, (heads, size))
        torch.testing.assert_close(found.transpose(0, 1), expected, rtol=0, atol=1e-5)
        for frame in range(kept[stream]):
            place = (written[stream] + frame) % ring
            for part in (0, 1):
                stored = rings[slot, part::2, place]
                np.testing.assert_array_equal(stored, mine[frame, part].numpy())


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
