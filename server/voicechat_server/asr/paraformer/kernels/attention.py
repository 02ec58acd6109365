"""Attention of a stream's rows over its look-back and the frames of its chunk."""

from typing import NamedTuple

import numpy as np

from voicechat_server.asr.paraformer.kernels.compiling import compiled
from voicechat_server.asr.paraformer.kernels.linear import Floats, Indices
from voicechat_server.asr.paraformer.kernels.tiles import COLUMNS, ROWS, float_tile


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


class AttentionRoom(NamedTuple):
    """Scratch.

    Attributes:
        asked: Queries, [size, 16].
        scores: [keys + 1, 16]; tiles read the begin of the row behind the last key's.
        most: Of each query, the highest score, [16].
        total: Of each query, the sum of the weights, [16].
        found: [18, size].
    """

    asked: Floats
    scores: Floats
    most: Floats
    total: Floats
    found: Floats


def room_to_attend(size: int, keys: int) -> AttentionRoom:
    """Return scratch for heads of a size and so many keys."""
    return AttentionRoom(
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
    room: AttentionRoom,
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
        room: Scratch.
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
                    room, context,
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
    room: AttentionRoom,
    context: Floats,
) -> None:
    """Let up to sixteen queries of one head attend to what a ring holds and to the chunk's own frames."""
    size, width = keys.shape[1], own.shape[1]
    asked, scores, found = room.asked, room.scores, room.found
    scale = np.float32(1) / np.sqrt(np.float32(size))
    for query in range(count):
        asking = queries[first + query]
        for index in range(size):
            asked[index, query] = asking[column + index] * scale
    _score(keys, 0, size, filled, asked, scores, 0)
    _score(own, begin * width + own_key, width, end - begin, asked, scores, filled)
    _softmax(scores, filled + end - begin, room.most, room.total)
    for query in range(len(found)):
        for index in range(size):
            found[query, index] = np.float32(0)
    _collect(values, 0, size, filled, scores, 0, count, found)
    _collect(own, begin * width + own_value, width, end - begin, scores, filled, count, found)
    for query in range(count):
        target = context[first + query]
        for index in range(size):
            target[column + index] = found[query, index]


@compiled
def _score(
    keys: Floats, begin: int, stride: int, count: int, asked: Floats, scores: Floats, place: int
) -> None:
    """Set the scores of `count` keys, from row `place` on."""
    size = len(asked)
    for row in range(place, place + count):
        for query in range(COLUMNS):
            scores[row, query] = np.float32(0)
    for key in range(count % ROWS):
        for index in range(size):
            number = keys.flat[begin + key * stride + index]
            for query in range(COLUMNS):
                scores[place + key, query] += number * asked[index, query]
    for key in range(count % ROWS, count, ROWS):
        float_tile(
            keys, begin + key * stride, stride, 1,
            asked, 0, COLUMNS, size,
            scores, (place + key) * COLUMNS, COLUMNS,
        )  # fmt: skip


@compiled
def _collect(
    values: Floats,
    begin: int,
    stride: int,
    count: int,
    weights: Floats,
    place: int,
    queries: int,
    found: Floats,
) -> None:
    """Add `count` values by their weights, from row `place` on, to what each query found."""
    size = found.shape[1]
    if count > 0:
        for column in range(0, size, COLUMNS):
            for query in range(0, queries, ROWS):
                float_tile(
                    weights, place * COLUMNS + query, 1, COLUMNS,
                    values, begin + column, stride, count,
                    found, query * size + column, size,
                )  # fmt: skip


@compiled
def _softmax(scores: Floats, keys: int, most: Floats, total: Floats) -> None:
    """Turn the scores of sixteen queries into weights whose sum is one."""
    queries = scores.shape[1]
    for query in range(queries):
        most[query] = scores[0, query]
        total[query] = np.float32(0)
    for key in range(1, keys):
        for query in range(queries):
            most[query] = max(most[query], scores[key, query])
    for key in range(keys):
        for query in range(queries):
            scores[key, query] -= most[query]
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
    room, size = ring.shape
    for frame in range(max(0, kept - room), kept):
        target, source = ring[(written + frame) % room], own[begin + frame]
        for index in range(size):
            target[index] = source[column + index]
