"""The innermost loops: small products of matrices, as vector instructions that Numba itself doesn't give.

`integer_tile`, of inputs q [3, K] in 0 … 127, weights v [K, 16] in −127 … 127 and, in float32, the scales s
and zeros z of rows and columns and the biases b:

    y[i, j] = max(s_x[i] · s_w[j] · (Σ_k q[i, k] · v[k, j] − z[i] · Σ_k v[k, j]) + b[j], least)

`vpmaddubsw` multiplies unsigned by signed bytes and adds neighbours in 16 bits, `vpaddw` adds two such sums,
and `vpmaddwd` by ones adds neighbours in 32 bits. So four products meet in 16 bits: inputs 0, 1, 4 and 5 of
eight, and 2, 3, 6 and 7. As no q is negative, they can't get beyond 127 · 258 = 32 766 < 2¹⁵, as long as
among the four weights the positive ones sum to at most 258, and the negative ones to at least −258;
`linear.pack` sees to it. The sums of 32 bits hold 2³¹ / 127² = 133 144 inputs. They are exact; in
float32 the result is then off by at most 8 · 2⁻²⁴ · (s_x · s_w · (|Σ q · v| + |z · Σ v|) + |b|).

`float_tile`, of A [3, K] and B [K, 16] in float32, adds to C [3, 16] by `vfmadd231ps`:

    C[i, j] += Σ_k A[i, k] · B[k, j]        error at most K · 2⁻²⁴ · (|C| + Σ |A| · |B|), to first order

The scheme is that of gemmlowp (Jacob et al., "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference", 2018, arXiv:1712.05877, section 2) with sums in 16 bits as in FBGEMM
(Khudia et al., 2021, arXiv:2101.05615), which takes outliers apart where these scales make room for them;
tiles that stay in registers are those of Goto and van de Geijn, "Anatomy of High-Performance Matrix
Multiplication", 2008.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

ROWS = 3
"""Rows of a tile."""

COLUMNS = 16
"""Columns of a tile."""

DEPTH = 8
"""Inputs that `integer_tile` takes at once: two steps of four, whose products are summed in 16 bits."""

_LANES = 8
_VECTORS = range(COLUMNS // _LANES)
_STEP = 4
_STEPS = range(DEPTH // _STEP)
_INDEX, _INT, _FLOAT = ir.IntType(64), ir.IntType(32), ir.FloatType()
_BYTES = ir.VectorType(ir.IntType(8), 4 * _LANES)
_SHORTS = ir.VectorType(ir.IntType(16), 2 * _LANES)
_INTS = ir.VectorType(_INT, _LANES)
_FLOATS = ir.VectorType(_FLOAT, _LANES)
_FUSED = ("contract",)

Generator = Callable[[Any, ir.IRBuilder, Any, Any], Any]


def _tile(function: Callable[..., tuple[Any, Generator]]) -> Callable[..., None]:
    """Make a function of what describes its signature and generates its instructions."""
    result: Callable[..., None] = intrinsic(function)
    return result


@_tile
def integer_tile(
    _typing: Any,
    inputs: Any,
    scales: Any,
    zeros: Any,
    row: Any,
    weights: Any,
    begin: Any,
    columns: Any,
    column: Any,
    depths: Any,
    into: Any,
    least: Any,
    is_added: Any,
) -> tuple[Any, Generator]:
    """Map three rows of unsigned 7-bit inputs by sixteen columns of signed 8-bit weights.

    Args:
        inputs: uint8, [rows, inputs].
        scales: float32, of each row.
        zeros: float32, of each row: the input that stands for zero.
        row: The first of the three rows.
        weights: uint8, the bytes of panels of sixteen columns, each [inputs / 4, 16, 4].
        begin: Where in `weights` the panel begins. The weights of four inputs that are summed in 16 bits must
            not exceed them, whatever the inputs are.
        columns: float32, [3, columns]: of each column the scale, the sum of its weights, and the bias.
        column: The first of the sixteen columns.
        depths: How many times eight inputs there are, at least one.
        into: float32, [rows, columns].
        least: float32; results below it become it.
        is_added: bool; whether results are added to what is there, or replace it.
    """
    signature = types.void(
        inputs, scales, zeros, types.intp, weights, types.intp, columns, *[types.intp] * 2,
        into, types.float32, types.boolean,
    )  # fmt: skip

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        _, _, _, row, _, begin, _, column, depths, _, least, is_added = arguments
        inputs, scales, zeros, weights, columns, into = (
            _array(context, builder, signature, arguments, index) for index in (0, 1, 2, 4, 6, 9)
        )
        totals = _products(builder, inputs, row, builder.gep(weights.data, [begin]), depths)
        width = builder.extract_value(columns.shape, 1)
        factors, sums, biases = (
            [
                _load(builder, builder.gep(columns.data, [place]), vector * _LANES, _FLOATS)
                for vector in _VECTORS
            ]
            for place in _following(builder, column, width, 3)
        )
        floor = _repeated(builder, least)
        width = builder.extract_value(into.shape, 1)
        target = builder.add(builder.mul(row, width), column)
        for index, place in enumerate(_following(builder, target, width, ROWS)):
            number = builder.add(row, _INDEX(index))
            scale, zero = (
                _repeated(builder, builder.load(builder.gep(each.data, [number]))) for each in (scales, zeros)
            )
            for vector in _VECTORS:
                total = builder.sitofp(totals[index * len(_VECTORS) + vector], _FLOATS)
                exact = builder.fsub(total, builder.fmul(zero, sums[vector]))
                scaled = builder.fmul(exact, builder.fmul(scale, factors[vector]))
                result = builder.fadd(scaled, biases[vector])
                kept = builder.select(builder.fcmp_ordered(">", result, floor), result, floor)
                before = _load(builder, builder.gep(into.data, [place]), vector * _LANES, _FLOATS)
                nothing = ir.Constant(_FLOATS, [0.0] * _LANES)
                after = builder.fadd(kept, builder.select(is_added, before, nothing))
                _store(builder, after, builder.gep(into.data, [place]), vector * _LANES)
        return context.get_dummy_value()

    return signature, generate


def _products(
    builder: ir.IRBuilder, inputs: Any, row: ir.Value, panel: ir.Value, depths: ir.Value
) -> list[ir.Value]:
    """Sums of products, in vectors: those of the first row, then those of the next."""
    stride = builder.extract_value(inputs.shape, 1)
    first = builder.gep(inputs.data, [builder.mul(row, stride)])

    def step(index: ir.Value, totals: list[ir.Value]) -> list[ir.Value]:
        columns = builder.gep(panel, [builder.mul(index, _INDEX(COLUMNS * DEPTH))])
        kernel = [
            [
                _load(builder, columns, (step * len(_VECTORS) + vector) * _BYTES.count, _BYTES)
                for step in _STEPS
            ]
            for vector in _VECTORS
        ]
        grown = []
        for number, place in enumerate(_following(builder, builder.mul(index, _INDEX(DEPTH)), stride, ROWS)):
            inputs = builder.gep(first, [place])
            values = [
                builder.bitcast(_repeated(builder, _load(builder, inputs, step * _STEP, _INT)), _BYTES)
                for step in _STEPS
            ]
            for vector in _VECTORS:
                total = totals[number * len(_VECTORS) + vector]
                grown.append(builder.add(total, _sums_of_fours(builder, values, kernel[vector])))
        return grown

    return _loop(builder, depths, [ir.Constant(_INTS, [0] * _LANES)] * (ROWS * len(_VECTORS)), step)


@_tile
def float_tile(
    _typing: Any,
    left: Any,
    left_begin: Any,
    row_stride: Any,
    step_stride: Any,
    right: Any,
    right_begin: Any,
    right_stride: Any,
    steps: Any,
    into: Any,
    into_begin: Any,
    into_stride: Any,
) -> tuple[Any, Generator]:
    """Add the product of three rows and sixteen columns to what is there.

    All arrays are float32; places and strides count their numbers.

    Args:
        left: What the rows are in.
        left_begin: The first row's number of the first step.
        row_stride: From there to the next row's.
        step_stride: From there to the next step's.
        right: What the columns are in.
        right_begin: The sixteen numbers of the first step.
        right_stride: From there to the next step's.
        steps: How many products are summed, at least one.
        into: What the sums are in.
        into_begin: The sixteen sums of the first row.
        into_stride: From there to the next row's.
    """
    signature = types.void(left, *[types.intp] * 3, right, *[types.intp] * 3, into, *[types.intp] * 2)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        _, left_begin, row_stride, step_stride, _, right_begin, right_stride, steps, _, begin, stride = (
            arguments
        )
        left, right, into = (_array(context, builder, signature, arguments, index) for index in (0, 4, 8))
        targets = [builder.gep(into.data, [place]) for place in _following(builder, begin, stride, ROWS)]

        def step(index: ir.Value, totals: list[ir.Value]) -> list[ir.Value]:
            place = builder.add(right_begin, builder.mul(index, right_stride))
            columns = builder.gep(right.data, [place])
            kernel = [_load(builder, columns, vector * _LANES, _FLOATS) for vector in _VECTORS]
            first = builder.add(left_begin, builder.mul(index, step_stride))
            grown = []
            for number, place in enumerate(_following(builder, first, row_stride, ROWS)):
                values = _repeated(builder, builder.load(builder.gep(left.data, [place])))
                for vector in _VECTORS:
                    product = builder.fmul(values, kernel[vector], flags=_FUSED)
                    total = totals[number * len(_VECTORS) + vector]
                    grown.append(builder.fadd(total, product, flags=_FUSED))
            return grown

        before = [
            _load(builder, target, vector * _LANES, _FLOATS) for target in targets for vector in _VECTORS
        ]
        after = iter(_loop(builder, steps, before, step))
        for target in targets:
            for vector in _VECTORS:
                _store(builder, next(after), target, vector * _LANES)
        return context.get_dummy_value()

    return signature, generate


def _following(builder: ir.IRBuilder, first: ir.Value, stride: ir.Value, count: int) -> list[ir.Value]:
    """Places that lie a stride apart."""
    places = [first]
    while len(places) < count:
        places.append(builder.add(places[-1], stride))
    return places


def _array(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any, index: int) -> Any:
    return context.make_array(signature.args[index])(context, builder, arguments[index])


def _loop(
    builder: ir.IRBuilder,
    count: ir.Value,
    totals: list[ir.Value],
    step: Callable[[ir.Value, list[ir.Value]], list[ir.Value]],
) -> list[ir.Value]:
    """Repeat a step, at least once; return the totals."""
    before, body, after = builder.block, builder.append_basic_block(), builder.append_basic_block()
    builder.branch(body)
    builder.position_at_end(body)
    index = builder.phi(_INDEX)
    index.add_incoming(_INDEX(0), before)
    running = [builder.phi(total.type) for total in totals]
    grown = step(index, running)
    following = builder.add(index, _INDEX(1))
    index.add_incoming(following, body)
    for phi, total, new in zip(running, totals, grown, strict=True):
        phi.add_incoming(total, before)
        phi.add_incoming(new, body)
    builder.cbranch(builder.icmp_signed("<", following, count), body, after)
    builder.position_at_end(after)
    return grown


def _sums_of_fours(builder: ir.IRBuilder, values: list[ir.Value], kernel: list[ir.Value]) -> ir.Value:
    """Sums of the products of four inputs of every step, in 16 bits as long as possible."""
    one, other = (
        _call(builder, "llvm.x86.avx2.pmadd.ub.sw", _SHORTS, values[step], kernel[step]) for step in _STEPS
    )
    ones = ir.Constant(_SHORTS, [1] * _SHORTS.count)
    return _call(builder, "llvm.x86.avx2.pmadd.wd", _INTS, builder.add(one, other), ones)


def _load(builder: ir.IRBuilder, base: ir.Value, offset: int, kind: ir.Type) -> ir.Value:
    place = builder.gep(base, [_INDEX(offset)])
    return builder.load(builder.bitcast(place, kind.as_pointer()), align=1)


def _store(builder: ir.IRBuilder, value: ir.Value, base: ir.Value, offset: int) -> None:
    place = builder.gep(base, [_INDEX(offset)])
    builder.store(value, builder.bitcast(place, value.type.as_pointer()), align=4)


def _repeated(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    """One value in all lanes."""
    nothing = ir.Constant(ir.VectorType(value.type, _LANES), ir.Undefined)
    alone = builder.insert_element(nothing, value, _INT(0))
    return builder.shuffle_vector(alone, nothing, ir.Constant(_INTS, [0] * _LANES))


def _call(builder: ir.IRBuilder, name: str, result: ir.Type, one: ir.Value, other: ir.Value) -> ir.Value:
    kind = ir.FunctionType(result, [one.type, other.type])
    known = builder.module.globals.get(name)
    return builder.call(known or ir.Function(builder.module, kind, name), [one, other])
