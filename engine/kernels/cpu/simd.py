"""Vectors for Numba: a block of registers as one value, and the few instructions that work on it.

LLVM does not vectorise the loops of a convolution by itself. Here a `Block` of rows x columns vectors is a
Numba value modelled on the LLVM type `[rows * columns x <16 x float>]`. LLVM keeps it in registers and
lowers it to AVX-512, AVX2 or NEON; the loops around it stay ordinary Python. A function takes the shape
of its block from the *type* of a block that it is given, so it is compiled and cached once per shape.

All places are element offsets into a contiguous array, or from a bare pointer; nothing checks them. Pointers are not
counted as references at every call, as arrays are, which costs more than a short loop.
With NUMBA_DISABLE_JIT=1 the functions come from `simd_python`, which is NumPy and does check.
"""

from __future__ import annotations

import llvmlite.ir as ir
from numba import config, types
from numba.extending import intrinsic, models, register_model

from nnkit.kernels.layout import LANES
from nnkit.kernels.memory import CACHE_LINE

INDEX = ir.IntType(64)


class Block(types.Type):
    """The Numba type of rows x columns vectors of `LANES` elements each."""

    def __init__(self, element, rows, columns):
        self.element, self.rows, self.columns = element, rows, columns
        super().__init__(name=f"Block({element}, {rows}, {columns})")


@register_model(Block)
class BlockModel(models.PrimitiveModel):
    """A block in LLVM: an array of vectors, row by row."""

    def __init__(self, data_model_manager, block):
        element = data_model_manager[block.element].get_value_type()
        vector = ir.VectorType(element, LANES)
        super().__init__(data_model_manager, block, ir.ArrayType(vector, block.rows * block.columns))


def _vector_type(context, block):
    return context.get_value_type(block).element


def _data(context, builder, array_type, array):
    """Return the address of an array's first element, or the pointer that came in its place."""
    if isinstance(array_type, types.CPointer):
        return array
    return context.make_array(array_type)(context, builder, array).data


def _vector_address(context, builder, array_type, array, offset, vector_type):
    data = _data(context, builder, array_type, array)
    return builder.bitcast(builder.gep(data, [offset]), vector_type.as_pointer())


def _load(context, builder, array_type, array, offset, vector_type):
    vector = builder.load(_vector_address(context, builder, array_type, array, offset, vector_type))
    vector.align = 4  # elements are aligned, vectors need not be
    return vector


def _store(context, builder, array_type, array, offset, vector):
    address = _vector_address(context, builder, array_type, array, offset, vector.type)
    builder.store(vector, address).align = 4


def _broadcast(builder, scalar, vector_type):
    empty = ir.Constant(vector_type, ir.Undefined)
    first = builder.insert_element(empty, scalar, ir.Constant(ir.IntType(32), 0))
    lanes = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, empty, lanes)


def _scalar(context, builder, array_type, array, offset):
    data = _data(context, builder, array_type, array)
    return builder.load(builder.gep(data, [offset]))


def _multiply_add(builder, a, b, c):
    # fmuladd is one instruction where the machine has it, and never a call into a library where it has not.
    lanes, element = (f"v{LANES}", a.type.element) if isinstance(a.type, ir.VectorType) else ("", a.type)
    name = f"llvm.fmuladd.{lanes}f{64 if isinstance(element, ir.DoubleType) else 32}"
    kind = ir.FunctionType(a.type, [a.type] * 3)
    function = builder.module.declare_intrinsic(name, fnty=kind)
    return builder.call(function, [a, b, c])


def _at(builder, offset, stride, position):
    return builder.add(offset, builder.mul(stride, ir.Constant(INDEX, position)))


def _filled(context, builder, block, vectors):
    # What registers have no room for goes onto the stack, which is aligned for a fourth of a register: where a process
    # has it by chance, vectors lie in two cache lines each, and loops that keep some there take up to twice as long.
    builder.function.attributes.alignstack = CACHE_LINE
    # llvmlite looks at it only where there are others, too; this one changes nothing.
    builder.function.attributes.add("uwtable")
    value = ir.Constant(context.get_value_type(block), ir.Undefined)
    for position, vector in enumerate(vectors):
        value = builder.insert_value(value, vector, position)
    return value


@intrinsic(prefer_literal=True)
def zeros(typingctx, array, rows, columns):
    """Return a block of zeros with the element type of `array`; rows and columns are literals."""
    block = Block(array.dtype, rows.literal_value, columns.literal_value)

    def codegen(context, builder, signature, arguments):
        return ir.Constant(context.get_value_type(block), None)

    return block(array, rows, columns), codegen


@intrinsic
def as_bytes(typingctx, pointer):
    """Return a pointer to the same memory as bytes."""

    def codegen(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(types.CPointer(types.uint8)))

    return types.CPointer(types.uint8)(pointer), codegen


@intrinsic
def columns(typingctx, block):
    """Return how many columns a block has."""

    def codegen(context, builder, signature, arguments):
        return ir.Constant(INDEX, block.columns)

    return types.int64(block), codegen


@intrinsic
def row_values(typingctx, block, array, offset, stride):
    """Return a block like `block` whose row r is array[offset + r * stride] in every lane."""

    def codegen(context, builder, signature, arguments):
        _, array_value, offset_value, stride_value = arguments
        vector_type = _vector_type(context, block)
        vectors = []
        for row in range(block.rows):
            place = _at(builder, offset_value, stride_value, row)
            value = _scalar(context, builder, array, array_value, place)
            vectors += [_broadcast(builder, value, vector_type)] * block.columns
        return _filled(context, builder, block, vectors)

    return block(block, array, types.int64, types.int64), codegen


@intrinsic
def multiply_add(typingctx, block, weights, w_offset, w_row, array, offset, column):
    """Return block + weights x vectors: one broadcast weight a row, one vector of the array a column."""

    def codegen(context, builder, signature, arguments):
        value, w_value, w_offset_value, w_row_value, array_value, offset_value, column_value = arguments
        vector_type = _vector_type(context, block)
        vectors = [
            _load(context, builder, array, array_value, _at(builder, offset_value, column_value, c), vector_type)
            for c in range(block.columns)
        ]
        results = []
        for row in range(block.rows):
            place = _at(builder, w_offset_value, w_row_value, row)
            weight = _broadcast(builder, _scalar(context, builder, weights, w_value, place), vector_type)
            for c, vector in enumerate(vectors):
                before = builder.extract_value(value, row * block.columns + c)
                results.append(_multiply_add(builder, weight, vector, before))
        return _filled(context, builder, block, results)

    integers = [types.int64] * 2
    return block(block, weights, *integers, array, *integers), codegen


@intrinsic
def multiply_add_vectors(typingctx, block, left, l_offset, l_row, right, r_offset, r_column):
    """Return block + left x right, lane by lane: one vector of `left` a row, one of `right` a column."""

    def codegen(context, builder, signature, arguments):
        value, left_value, l_offset_value, l_row_value, right_value, r_offset_value, r_column_value = arguments
        vector_type = _vector_type(context, block)
        rows = [
            _load(context, builder, left, left_value, _at(builder, l_offset_value, l_row_value, r), vector_type)
            for r in range(block.rows)
        ]
        results = [None] * (block.rows * block.columns)
        for c in range(block.columns):
            place = _at(builder, r_offset_value, r_column_value, c)
            vector = _load(context, builder, right, right_value, place, vector_type)
            for r, row in enumerate(rows):
                position = r * block.columns + c
                before = builder.extract_value(value, position)
                results[position] = _multiply_add(builder, row, vector, before)
        return _filled(context, builder, block, results)

    integers = [types.int64] * 2
    return block(block, left, *integers, right, *integers), codegen


@intrinsic
def load(typingctx, block, array, offset, row, column):
    """Return the block of vectors at array[offset + r * row + c * column]."""

    def codegen(context, builder, signature, arguments):
        _, array_value, offset_value, row_value, column_value = arguments
        vector_type = _vector_type(context, block)
        vectors = []
        for r in range(block.rows):
            start = _at(builder, offset_value, row_value, r)
            for c in range(block.columns):
                place = _at(builder, start, column_value, c)
                vectors.append(_load(context, builder, array, array_value, place, vector_type))
        return _filled(context, builder, block, vectors)

    return block(block, array, types.int64, types.int64, types.int64), codegen


@intrinsic
def load_rows(typingctx, block, array, offset, row, count):
    """Return a block of one column whose row r is the vector at array[offset + r * row], or zero from `count` on."""

    def codegen(context, builder, signature, arguments):
        _, array_value, offset_value, row_value, count_value = arguments
        vector_type = _vector_type(context, block)
        vectors = []
        for r in range(block.rows):
            exists = builder.icmp_signed("<", ir.Constant(INDEX, r), count_value)
            # Where there is no row the first one is read in its place.
            place = builder.select(exists, _at(builder, offset_value, row_value, r), offset_value)
            vector = _load(context, builder, array, array_value, place, vector_type)
            vectors.append(builder.select(exists, vector, ir.Constant(vector_type, None)))
        return _filled(context, builder, block, vectors)

    return block(block, array, types.int64, types.int64, types.int64), codegen


@intrinsic
def transpose(typingctx, block):
    """Return a block of `LANES` rows with rows and lanes exchanged.

    In step s, rows that differ in bit s of their number exchange the lanes that differ in that bit.
    """

    def codegen(context, builder, signature, arguments):
        vectors = [builder.extract_value(arguments[0], position) for position in range(LANES)]
        kind = ir.VectorType(ir.IntType(32), LANES)
        step = 1
        while step < LANES:
            low = [lane if not lane & step else LANES + lane - step for lane in range(LANES)]
            high = [LANES + lane if lane & step else lane + step for lane in range(LANES)]
            for r in range(LANES):
                if not r & step:
                    first, second = vectors[r], vectors[r + step]
                    vectors[r] = builder.shuffle_vector(first, second, ir.Constant(kind, low))
                    vectors[r + step] = builder.shuffle_vector(first, second, ir.Constant(kind, high))
            step *= 2
        return _filled(context, builder, block, vectors)

    return block(block), codegen


@intrinsic
def store(typingctx, block, array, offset, row, column):
    """Write the vectors of the block to array[offset + r * row + c * column]."""

    def codegen(context, builder, signature, arguments):
        value, array_value, offset_value, row_value, column_value = arguments
        for r in range(block.rows):
            start = _at(builder, offset_value, row_value, r)
            for c in range(block.columns):
                place = _at(builder, start, column_value, c)
                vector = builder.extract_value(value, r * block.columns + c)
                _store(context, builder, array, array_value, place, vector)
        return context.get_dummy_value()

    return types.void(block, array, types.int64, types.int64, types.int64), codegen


@intrinsic
def add_lane_sums(typingctx, block, array, offset, row, column):
    """Add the sum of the lanes of each vector to the element array[offset + r * row + c * column].

    The lanes are added in halves, always in the same order, so the result never depends on the machine.
    """

    def codegen(context, builder, signature, arguments):
        value, array_value, offset_value, row_value, column_value = arguments
        data = _data(context, builder, array, array_value)
        for r in range(block.rows):
            start = _at(builder, offset_value, row_value, r)
            for c in range(block.columns):
                total = _lane_sum(builder, builder.extract_value(value, r * block.columns + c))
                address = builder.gep(data, [_at(builder, start, column_value, c)])
                builder.store(builder.fadd(builder.load(address), total), address)
        return context.get_dummy_value()

    return types.void(block, array, types.int64, types.int64, types.int64), codegen


def _lane_sum(builder, vector):
    width = LANES
    while width > 1:
        width //= 2
        mask = ir.VectorType(ir.IntType(32), width)
        low = builder.shuffle_vector(vector, vector, ir.Constant(mask, list(range(width))))
        high = builder.shuffle_vector(vector, vector, ir.Constant(mask, list(range(width, 2 * width))))
        vector = builder.fadd(low, high)
    return builder.extract_element(vector, ir.Constant(ir.IntType(32), 0))


@intrinsic
def where_greater(typingctx, candidate, best, chosen, otherwise):
    """Return `chosen` in the lanes where candidate > best or candidate is NaN, `otherwise` elsewhere."""
    block = candidate

    def codegen(context, builder, signature, arguments):
        results = []
        for position in range(block.rows * block.columns):
            new, old, yes, no = (builder.extract_value(value, position) for value in arguments)
            greater = builder.or_(builder.fcmp_ordered(">", new, old), builder.fcmp_unordered("uno", new, new))
            results.append(builder.select(greater, yes, no))
        return _filled(context, builder, block, results)

    return block(block, block, block, block), codegen


@intrinsic
def add_where_equal(typingctx, total, number, wanted, addend):
    """Return total + addend in the lanes where number == wanted (a scalar), `total` elsewhere."""
    block = total

    def codegen(context, builder, signature, arguments):
        totals, numbers, wanted_value, addends = arguments
        value = context.cast(builder, wanted_value, wanted, block.element)
        target = _broadcast(builder, value, _vector_type(context, block))
        results = []
        for position in range(block.rows * block.columns):
            before = builder.extract_value(totals, position)
            equal = builder.fcmp_ordered("==", builder.extract_value(numbers, position), target)
            after = builder.fadd(before, builder.extract_value(addends, position))
            results.append(builder.select(equal, after, before))
        return _filled(context, builder, block, results)

    return block(block, block, wanted, block), codegen


@intrinsic
def first_lanes(typingctx, block, count):
    """Return the block with 0 in all lanes but the first `count`."""

    def codegen(context, builder, signature, arguments):
        value, count_value = arguments
        kind = ir.VectorType(INDEX, LANES)
        numbers = ir.Constant(kind, list(range(LANES)))
        kept = builder.icmp_signed("<", numbers, _broadcast(builder, count_value, kind))
        results = []
        for position in range(block.rows * block.columns):
            vector = builder.extract_value(value, position)
            results.append(builder.select(kept, vector, ir.Constant(vector.type, None)))
        return _filled(context, builder, block, results)

    return block(block, types.int64), codegen


@intrinsic
def broadcast(typingctx, block, scalar):
    """Return a block like `block` with `scalar` in every lane."""

    def codegen(context, builder, signature, arguments):
        value = context.cast(builder, arguments[1], scalar, block.element)
        vector = _broadcast(builder, value, _vector_type(context, block))
        return _filled(context, builder, block, [vector] * (block.rows * block.columns))

    return block(block, scalar), codegen


if config.DISABLE_JIT:  # type: ignore[attr-defined]
    from nnkit.kernels.cpu.simd_python import *  # type: ignore[assignment]  # noqa: F403 (the same names)
