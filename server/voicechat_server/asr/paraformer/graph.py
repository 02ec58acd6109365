"""Stacks of layers that run without the Python interpreter."""

import warnings

import torch
from torch import Tensor, nn


class Graph:
    """A module, recorded once, whose operations are then started by PyTorch itself.

    A step is about two thousand operations. Started from Python, each would take its turn in the interpreter
    with those of other workers and with the event loop. What is recorded takes tensors of any sizes and
    computes the same numbers. It is TorchScript, which PyTorch still ships but no longer develops; it is
    the one recorder that takes 8-bit linear maps and needs no compiler.

    Args:
        module: Takes tensors and returns one; which operations it runs doesn't depend on them.
        example: Inputs to record it with; those that the module writes to are written to.
    """

    def __init__(self, module: nn.Module, example: tuple[Tensor, ...]) -> None:
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r"`torch\.jit\.", category=DeprecationWarning)
            self._recorded = torch.jit.trace(module, example, check_trace=False)
            # The first call makes one flat graph of those of all layers.
            self._recorded(*example)

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Return the module's result."""
        # Its optimiser would record the sizes of the first batches, and spend long on every new one.
        with torch.jit.optimized_execution(should_optimize=False):
            result: Tensor = self._recorded(*inputs)
        return result
