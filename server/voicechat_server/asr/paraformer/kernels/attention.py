"""Attention of a stream's rows over its look-back and the frames of its chunk.

For each head, of queries Q [rows, size], keys K and values V [keys, size] in float32, where the keys are
first those that the ring holds and then those of the chunk:

    S = Q · Kᵀ / √size        W = exp(S − max S) / Σ exp(S − max S), by row        output = W · V

Sixteen queries go through at a time, side by side in a vector, so that neither the maxima nor the sums cross
its lanes. No exponent is positive, so that nothing overflows, and the sum is at least one. The order of the
keys plays no part: positions are in the features, and a ring needs no shifting.

`_exp` splits x · log₂ e into the nearest whole number, which becomes the exponent's bits, and the rest, of
at most ½, whose exponential is a series of degree 6: e^x is right to 4 · 10⁻⁷ + 1.2 · 10⁻⁷ · |x| of itself,
down to e^−87; whatever is smaller becomes 2⁻¹²⁶. The output is right to 2 · (e + 4 · 10⁻⁷ + 1.2 · 10⁻⁷ ·
spread) + (keys + 8) · 2⁻²⁴ of the largest value, where e = (size + 2) · 2⁻²⁴ · max Σ |q · k| / √size is the
error of the scores, and the spread of the scores counts up to 88.

Vaswani et al., "Attention Is All You Need", 2017 (arXiv:1706.03762); the exponential is split as in Cody and
Waite, "Software Manual for the Elementary Functions", 1980.
"""

from typing import NamedTuple

import numpy as np

from voicechat_server.asr.paraformer.kernels.compiling import compiled
from voicechat_server.asr.paraformer.kernels.linear import Floats, Indices
from voicechat_server.asr.paraformer.kernels.tiles import COLUMNS, ROWS, float_tile
from voicechat_server.asr.paraformer.lookback import HeadLookBack
from voicechat_server.asr.paraformer.rows import Rows


class LookBacks(NamedTuple):
    """The look-back of the streams of a batch.

    Attributes:
        rings: Keys and values, [segments, layers x heads x (keys, values), frames, size].
        slots: The segment of each stream, [streams].
        written: Frames each wrote before, [streams].
        kept: Leading frames of its chunk that each writes now, [streams].
    """

    rings: Floats
    slots: Indices
    written: Indices
    kept: Indices


class Frames(NamedTuple):
    """Keys and values of the frames of a batch.

    Attributes:
        numbers: Of each frame, [frames, ...].
        starts: Where each stream's frames begin, and where the last one's end, [streams + 1].
        keys: The column where the keys of all heads begin; their values follow.
    """

    numbers: Floats
    starts: Indices
    keys: int


class AttentionWorkspace(NamedTuple):
    """What one call of `attend` computes with.

    Attributes:
        scaled: Queries, divided by the root of their size, [size, 16].
        scores: [keys + 1, 16]; tiles read the begin of the row behind the last key's.
        maximum: Of each query, the highest score, [16].
        total: Of each query, the sum of the weights, [16].
        output: Of each query, the weighted sum of the values, [18, size].
    """

    scaled: Floats
    scores: Floats
    maximum: Floats
    total: Floats
    output: Floats


def attention_workspace(size: int, keys: int) -> AttentionWorkspace:
    """Return a workspace for heads of a size and so many keys."""
    return AttentionWorkspace(
        np.empty((size, COLUMNS), np.float32),
        np.empty((keys + 1, COLUMNS), np.float32),
        np.empty(COLUMNS, np.float32),
        np.empty(COLUMNS, np.float32),
        np.empty((COLUMNS + ROWS - 1, size), np.float32),
    )


@compiled
def attend(
    layer: int,
    heads: int,
    queries: Floats,
    starts: Indices,
    frames: Frames,
    look_backs: LookBacks,
    workspace: AttentionWorkspace,
    context: Floats,
) -> None:
    """Scaled dot-product attention of every stream, which then writes its newest keys and values.

    Args:
        layer: Number of the layer.
        heads: Its heads.
        queries: [rows, at least width], those of all heads first.
        starts: Where each stream's rows begin, and where the last one's end, [streams + 1].
        frames: Keys and values of the batch.
        look_backs: Earlier ones; updated.
        workspace: Overwritten.
        context: [rows, width]; overwritten.
    """
    rings = look_backs.rings
    size = rings.shape[3]
    width = heads * size
    for stream in range(len(look_backs.slots)):
        slot, written = look_backs.slots[stream], look_backs.written[stream]
        begin, end = frames.starts[stream], frames.starts[stream + 1]
        for head in range(heads):
            first = (layer * heads + head) * 2
            keys, values = rings[slot, first], rings[slot, first + 1]
            for query in range(starts[stream], starts[stream + 1], COLUMNS):
                count = min(COLUMNS, starts[stream + 1] - query)
                _attend_with(
                    queries, query, count, head * size, keys, values, min(written, len(keys)),
                    frames.numbers, begin, end, frames.keys + head * size, frames.keys + width + head * size,
                    workspace, context,
                )  # fmt: skip
            _remember(
                keys, written, look_backs.kept[stream], frames.numbers, begin, frames.keys + head * size
            )
            _remember(
                values,
                written,
                look_backs.kept[stream],
                frames.numbers,
                begin,
                frames.keys + width + head * size,
            )


@compiled
def _attend_with(
    queries: Floats,
    first: int,
    count: int,
    column: int,
    keys: Floats,
    values: Floats,
    filled: int,
    own: Floats,
    begin: int,
    end: int,
    own_key: int,
    own_value: int,
    workspace: AttentionWorkspace,
    context: Floats,
) -> None:
    """Let up to sixteen queries of one head attend to what a ring holds and to the chunk's own frames."""
    size, width = keys.shape[1], own.shape[1]
    scaled, scores, output = workspace.scaled, workspace.scores, workspace.output
    scale = np.float32(1) / np.sqrt(np.float32(size))
    for query in range(count):
        source = queries[first + query]
        for index in range(size):
            scaled[index, query] = source[column + index] * scale
    _score(keys, 0, size, filled, scaled, scores, 0)
    _score(own, begin * width + own_key, width, end - begin, scaled, scores, filled)
    _softmax(scores, filled + end - begin, workspace.maximum, workspace.total)
    for query in range(len(output)):
        for index in range(size):
            output[query, index] = np.float32(0)
    _collect(values, 0, size, filled, scores, 0, count, output)
    _collect(own, begin * width + own_value, width, end - begin, scores, filled, count, output)
    for query in range(count):
        target = context[first + query]
        for index in range(size):
            target[column + index] = output[query, index]


@compiled
def _score(
    keys: Floats, begin: int, stride: int, count: int, scaled: Floats, scores: Floats, first_row: int
) -> None:
    """Set the scores of `count` keys, from row `first_row` on."""
    size = len(scaled)
    for row in range(first_row, first_row + count):
        for query in range(COLUMNS):
            scores[row, query] = np.float32(0)
    for key in range(count % ROWS):
        for index in range(size):
            number = keys.flat[begin + key * stride + index]
            for query in range(COLUMNS):
                scores[first_row + key, query] += number * scaled[index, query]
    for key in range(count % ROWS, count, ROWS):
        float_tile(
            keys, begin + key * stride, stride, 1,
            scaled, 0, COLUMNS, size,
            scores, (first_row + key) * COLUMNS, COLUMNS,
        )  # fmt: skip


@compiled
def _collect(
    values: Floats,
    begin: int,
    stride: int,
    count: int,
    weights: Floats,
    first_row: int,
    queries: int,
    output: Floats,
) -> None:
    """Add `count` values by their weights, from row `first_row` on, to each query's output."""
    size = output.shape[1]
    if count > 0:
        for column in range(0, size, COLUMNS):
            for query in range(0, queries, ROWS):
                float_tile(
                    weights, first_row * COLUMNS + query, 1, COLUMNS,
                    values, begin + column, stride, count,
                    output, query * size + column, size,
                )  # fmt: skip


@compiled
def _softmax(scores: Floats, keys: int, maximum: Floats, total: Floats) -> None:
    """Turn the scores of sixteen queries into weights whose sum is one."""
    queries = scores.shape[1]
    for query in range(queries):
        maximum[query] = scores[0, query]
        total[query] = np.float32(0)
    for key in range(1, keys):
        for query in range(queries):
            maximum[query] = max(maximum[query], scores[key, query])
    for key in range(keys):
        for query in range(queries):
            scores[key, query] -= maximum[query]
    flat = scores.reshape(-1)
    for index in range(keys * queries):
        flat[index] = _exp(flat[index])
    for key in range(keys):
        for query in range(queries):
            total[query] += scores[key, query]
    for query in range(queries):
        total[query] = np.float32(1) / total[query]
    for key in range(keys):
        for query in range(queries):
            scores[key, query] *= total[query]


@compiled
def _exp(x: np.float32) -> np.float32:
    """The exponential of a number that isn't positive, in a form that vector instructions compute."""
    power = max(x * np.float32(1.4426950408889634), np.float32(-126))
    whole = np.int32(power - np.float32(0.5))
    part = (power - np.float32(whole)) * np.float32(0.6931471805599453)
    series = np.float32(1 / 720)
    series = series * part + np.float32(1 / 120)
    series = series * part + np.float32(1 / 24)
    series = series * part + np.float32(1 / 6)
    series = series * part + np.float32(0.5)
    series = series * part + np.float32(1)
    series = series * part + np.float32(1)
    return series * np.int32(np.int32(whole + 127) << 23).view(np.float32)


@compiled
def _remember(ring: Floats, written: int, kept: int, own: Floats, begin: int, column: int) -> None:
    """Write the newest of the `kept` leading frames of a chunk over the oldest of a ring."""
    capacity, size = ring.shape
    for frame in range(max(0, kept - capacity), kept):
        target, source = ring[(written + frame) % capacity], own[begin + frame]
        for index in range(size):
            target[index] = source[column + index]


def starts_of(lengths: list[int]) -> Indices:
    """Return where each stream begins, and where the last one ends."""
    return np.cumsum([0, *lengths])


def look_backs_of(look_back: HeadLookBack, rows: Rows, written: list[int], kept: int) -> LookBacks:
    """Return the look-backs of a batch.

    Args:
        look_back: Those of all segments.
        rows: The rows of the batch.
        written: Frames each row's segment wrote before.
        kept: Leading frames of a chunk that rows which go on write.
    """
    return LookBacks(
        rings=look_back.rings.numpy(),
        slots=rows.slots.numpy(),
        written=np.array(written),
        kept=np.where(rows.final.numpy(), 0, kept),
    )
