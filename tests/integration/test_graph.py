"""Recorded stacks of layers against the modules they were recorded from."""

import pytest
import torch
from torch import Tensor, nn

from voicechat_server.asr.paraformer.graph import Graph
from voicechat_server.asr.paraformer.precision import Int8Linear

WIDTH = 16


class Stack(nn.Module):
    """A layer that reads rows of a state, adds to them and writes them back."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer
        self.calls = 0

    def forward(self, x: Tensor, state: Tensor, slots: Tensor) -> Tensor:
        self.calls += 1
        rows: Tensor = state.index_select(0, slots) + self.layer(x).sum(dim=1)
        state.index_copy_(0, slots, rows)
        return rows.argmax(dim=-1)


def inputs(rows: int, frames: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(rows)
    x = torch.randn(rows, frames, WIDTH, generator=generator)
    return x, torch.randn(9, WIDTH, generator=generator), torch.arange(rows).flip(0)


@pytest.fixture(params=["fp32", "int8"])
def stack(request: pytest.FixtureRequest) -> Stack:
    torch.manual_seed(0)
    linear = nn.Linear(WIDTH, WIDTH).requires_grad_(requires_grad=False)
    return Stack(linear if request.param == "fp32" else Int8Linear(linear)).eval()


@pytest.mark.parametrize(("rows", "frames"), [(1, 1), (2, 3), (7, 2), (3, 0)])
@torch.inference_mode()
def test_a_graph_gives_the_numbers_of_its_module_at_any_size(stack: Stack, rows: int, frames: int) -> None:
    graph = Graph(stack, inputs(2, 3))
    x, state, slots = inputs(rows, frames)
    expected_state = state.clone()
    expected = stack(x, expected_state, slots)
    assert torch.equal(graph(x, state, slots), expected)
    assert torch.equal(state, expected_state)


@torch.inference_mode()
def test_a_graph_runs_without_the_code_of_its_module(stack: Stack) -> None:
    graph = Graph(stack, inputs(2, 3))
    recorded = stack.calls
    graph(*inputs(4, 5))
    assert stack.calls == recorded
