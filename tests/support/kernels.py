"""Kernels apart from the steps they become part of, and what they have packed."""

from collections.abc import Callable
from functools import cache

import numba
import numpy as np
from numpy.typing import NDArray

from voicechat_server.asr.paraformer.kernels import linear

ROUNDING = 2.0**-24
"""The greatest relative error of one operation in float32."""


@cache
def alone(kernel: Callable[..., None]) -> Callable[..., None]:
    """A kernel that is otherwise part of another, to be called from Python."""
    result: Callable[..., None] = numba.njit(lambda *given: kernel(*given))
    return result


def unpacked(linears: linear.Linears, layer: int) -> NDArray[np.int64]:
    """Weights as integers, [outputs, inputs]."""
    inputs, outputs = int(linears.inputs[layer]), linears.columns.shape[2]
    begin = linears.begins[layer]
    panels = linears.weights[begin : begin + inputs * outputs].view(np.int8)
    return (
        panels.reshape(outputs // 16, inputs // 4, 16, 4).swapaxes(1, 2).reshape(outputs, inputs).astype(int)
    )
