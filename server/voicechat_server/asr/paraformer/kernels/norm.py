"""Layer normalisation on the way to a linear map.

Of a row x [width] in float32, with weights γ and biases β [width]:

    μ = Σ x / width        σ² = Σ (x − μ)² / width        y = (x − μ) / √(σ² + ε) · γ + β

The variance is taken in a second pass, so that it can't become negative by cancellation. With n = width, the
error is at most (2n + 20) · 2⁻²⁴ · max |x| / √(σ² + ε) · |γ| + 2⁻²³ · |β|.

Ba, Kiros and Hinton, "Layer Normalization", 2016 (arXiv:1607.06450).
"""

from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np
from torch import nn

from voicechat_server.asr.paraformer.kernels.compiling import compiled
from voicechat_server.asr.paraformer.kernels.linear import Floats, Quantised, quantise_row
from voicechat_server.asr.paraformer.modules import Map


class Norms(NamedTuple):
    """The same normalisation of several layers.

    Attributes:
        numbers: Weights and biases, [layers, 2, widest], zero behind a layer's own.
        epsilon: What is added to the variance.
    """

    numbers: Floats
    epsilon: np.float32


def norms_of(maps: Sequence[Map]) -> Norms:
    """Return the normalisations of several layers."""
    layers = [cast("nn.LayerNorm", each) for each in maps]
    widest = max(len(layer.weight) for layer in layers)
    numbers = np.zeros((len(layers), 2, widest), np.float32)
    for layer, pair in zip(layers, numbers, strict=True):
        pair[0, : len(layer.weight)] = layer.weight.detach().numpy()
        pair[1, : len(layer.weight)] = layer.bias.detach().numpy()
    return Norms(numbers, np.float32(layers[0].eps))


@compiled
def normalise_and_quantise(
    values: Floats, rows: int, norms: Norms, layer: int, normalised: Floats, into: Quantised
) -> None:
    """Normalise and quantise rows, [rows, width].

    Args:
        values: [rows, width].
        rows: How many rows of it.
        norms: The normalisations.
        layer: Which of them.
        normalised: A workspace of at least [width].
        into: Takes the result.
    """
    for row in range(rows):
        normalise_row(values[row], norms, layer, normalised)
        quantise_row(normalised, values.shape[1], into, row)


@compiled
def normalise_row(values: Floats, norms: Norms, layer: int, into: Floats) -> None:
    """Normalise some numbers."""
    width = len(values)
    total = np.float32(0)
    for index in range(width):
        total += values[index]
    mean = total / np.float32(width)
    squares = np.float32(0)
    for index in range(width):
        squares += (values[index] - mean) * (values[index] - mean)
    factor = np.float32(1) / np.sqrt(squares / np.float32(width) + norms.epsilon)
    weights, biases = norms.numbers[layer, 0], norms.numbers[layer, 1]
    for index in range(width):
        into[index] = (values[index] - mean) * factor * weights[index] + biases[index]
