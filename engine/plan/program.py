"""A program under construction: symbols become operands, and the memory between instructions is laid out once."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Sequence
from typing import Any

import numpy as np

from nnkit.kernels.cpu import instructions as codes
from nnkit.kernels.cpu.instructions import Instruction
from nnkit.kernels.cpu.program import Program, Weights
from nnkit.kernels.layout import LANES, Array
from nnkit.kernels.memory import aligned
from nnkit.plan.integers import UnplannableError
from nnkit.plan.memory import Memory, place_apart
from nnkit.plan.symbols import Symbol

OPERAND_FIELDS = ("input", "other", "bias", "result", "scratch", "labels")


class PlanProgram(Program):
    """Instructions on symbols.

    Args:
        batch: the number of images.

    Attributes:
        origin: the recorded operation that is being turned into instructions, see `Instruction`.
    """

    def __init__(self, batch: int) -> None:
        super().__init__(LANES)
        self.batch = batch
        self.blocks = -(-batch // LANES)
        # Number 0 is no operand.
        self.operands: list[tuple[Memory, int]] = [(Memory(0, of_images=False), 0)]
        self._numbers: dict[tuple[Memory, int], int] = {}
        self._dense: dict[tuple[Any, ...], Symbol] = {}
        self.origin = 0

    def add(self, opcode: int, **fields: Any) -> None:
        """See `Program.add`; the instruction is part of the operation that is `origin` now."""
        super().add(opcode, origin=self.origin, **fields)

    # Operands -------------------------------------------------------------------------------------------

    def operand_in(self, memory: Memory, offset: int = 0) -> int:
        """Return the number of the operand that begins `offset` elements into some memory."""
        known = self._numbers.get((memory, offset))
        if known is None:
            known = self._numbers[memory, offset] = len(self.operands)
            self.operands.append((memory, offset))
        return known

    def operand(self, symbol: Symbol | None) -> int:
        """Return the number of a symbol's operand; None is no operand."""
        if symbol is None:
            return 0
        if not symbol.memory.of_images:
            return self.operand_in(symbol.memory, symbol.offset)
        dense = self.dense(symbol)
        return self.operand_in(dense.memory, dense.offset * LANES)

    def scratch(self, count: int) -> int:
        """See `Program.scratch`."""
        return self.operand_in(Memory(count * LANES, of_images=True))

    def slot(self, count: int) -> int:
        """See `Program.slot`."""
        return self.operand_in(Memory(count, of_images=True))

    def left_by_blocks(self, count: int) -> int:
        """See `Program.left_by_blocks`."""
        array = aligned((self.blocks, count), np.float32, zero=True)
        return self.operand_in(Memory(count, of_images=True, array=array))

    def new(self, inner: Sequence[int], batch_axis: int = 0) -> Symbol:
        """Return a symbol for a result of each image."""
        memory = Memory(math.prod(inner) * LANES, of_images=True)
        shape = (*inner[:batch_axis], self.batch, *inner[batch_axis:])
        return Symbol(self, memory, shape, batch_axis=batch_axis)

    def filled(self, inner: Sequence[int], value: float, batch_axis: int = 0) -> Symbol:
        """Return a symbol for one number, at all places of each image."""
        result = self.new(inner, batch_axis)
        self.add(codes.FILL, result=self.operand(result), length=result.count, scalar=value)
        return result

    def new_sum(self, shape: Sequence[int]) -> Symbol:
        """Return a symbol for a result that is added up over all images."""
        return Symbol(self, Memory(math.prod(shape), of_images=False, is_sum=True), shape)

    def external(self, shape: Sequence[int], batch_axis: int = 0) -> Symbol:
        """Return a symbol for images that come from outside or go there; its array is (blocks, ..., LANES)."""
        inner = (*shape[:batch_axis], *shape[batch_axis + 1 :])
        array = aligned((self.blocks, *inner, LANES), np.float32, zero=True)
        memory = Memory(math.prod(inner) * LANES, of_images=True, array=array)
        return Symbol(self, memory, shape, batch_axis=batch_axis)

    def weights(self, array: Array) -> Symbol:
        """Return a symbol for an array that has nothing to do with images, and that may change between steps."""
        if array.dtype != np.float32:
            raise UnplannableError(f"parameters of type {array.dtype}")
        if min(array.strides, default=0) < 0:
            raise UnplannableError("a parameter whose elements lie in reverse order")
        strides = tuple(stride // array.itemsize for stride in array.strides)
        return Symbol(self, Memory(array.size, of_images=False, array=array), array.shape, 0, strides)

    def images(self, value: Any, batch_axis: int = 0) -> Symbol:
        """Return a symbol of one value for each image, also for an array of one number that is the same each time."""
        if isinstance(value, Symbol):
            if not value.memory.of_images:
                raise UnplannableError("a parameter where a value of each image was expected")
            if value.batch_axis != batch_axis:
                raise UnplannableError("a calculation with the batch in another place")
            return value
        array = np.asarray(value)
        if array.shape[batch_axis : batch_axis + 1] != (self.batch,) or array.dtype != np.float32:
            raise UnplannableError("an array of constants")
        if (array != array.flat[0]).any():
            raise UnplannableError("an array of constants")
        inner = array.shape[:batch_axis] + array.shape[batch_axis + 1 :]
        return self.filled(inner, float(array.flat[0]), batch_axis)

    def dense_images(self, value: Any) -> Symbol:
        """Return a symbol of one value for each image, the batch first, whose elements follow each other."""
        return self.dense(self.images(value))

    # Calculations ---------------------------------------------------------------------------------------

    def dense(self, symbol: Symbol) -> Symbol:
        """Return a symbol whose elements follow each other, copied if they do not."""
        if symbol.is_contiguous:
            return symbol
        if not symbol.memory.of_images:
            raise UnplannableError("another shape of a transposed parameter")
        key = (symbol.memory, symbol.offset, symbol.shape, symbol.strides)
        known = self._dense.get(key)
        if known is None:
            known = self._dense[key] = self._copied(symbol)
        return known

    def _copied(self, symbol: Symbol) -> Symbol:
        result = self.new(symbol.inner, symbol.batch_axis)
        self.write(symbol, result)
        return result

    def write(self, source: Symbol, target: Symbol) -> None:
        """Copy a symbol of images to another one of its shape, both in any strides."""
        *outer, last = source.inner or (1,)
        for index in np.ndindex(*outer):
            start, place = (
                each.offset + sum(i * stride for i, stride in zip(index, each.strides, strict=False))
                for each in (source, target)
            )
            self.add(
                codes.COPY,
                input=self.operand_in(source.memory, start * LANES),
                result=self.operand_in(target.memory, place * LANES),
                length=last,
                distance=(source.strides or (1,))[-1] * LANES,
                other_distance=(target.strides or (1,))[-1] * LANES,
            )

    def unary(self, opcode: int, a: Symbol, scalar: float = 0.0) -> Symbol:
        """Return a function of each element."""
        a = self.dense(self.images(a, a.batch_axis))
        result = self.new(a.inner, a.batch_axis)
        self.add(opcode, input=self.operand(a), result=self.operand(result), length=a.count, scalar=scalar)
        return result

    def binary(self, opcode: int, a: Any, b: Any) -> Symbol:
        """Return a function of the elements of two symbols, which are broadcast to one shape."""
        a, b = self._aligned(a, b)
        result = self.new(a.inner, a.batch_axis)
        self.add(opcode, input=self.operand(a), other=self.operand(b), result=self.operand(result), length=a.count)
        return result

    def _aligned(self, *values: Any) -> list[Symbol]:
        """Return values of each image, and parameters or constants, in the shape that they are broadcast to."""
        shape = np.broadcast_shapes(*(value.shape for value in values))
        images = [value for value in values if isinstance(value, Symbol) and value.memory.of_images]
        if not images:
            raise UnplannableError("a calculation between parameters")
        axis = len(shape) - images[0].ndim + images[0].batch_axis
        return [self.dense(self.images(self._repeated(value, shape, axis), axis)) for value in values]

    def _repeated(self, value: Any, shape: tuple[int, ...], batch_axis: int) -> Any:
        """Return one value in another shape; a parameter is repeated for each image."""
        if not isinstance(value, Symbol):
            return np.broadcast_to(value, shape)
        if value.memory.of_images:
            return value.broadcast_to(shape)
        if value.memory.is_sum:
            raise UnplannableError("a calculation with a sum over the batch")
        before, after = shape[:batch_axis], shape[batch_axis + 1 :]
        if value.ndim > len(after) and value.shape[value.ndim - len(after) - 1] != 1:
            raise UnplannableError("a parameter where a value of each image was expected")
        # Of the parameter itself, and of the axes that are repeated in each image.
        wide = value.broadcast_to((*before, 1, *after))
        strides = wide.strides[:batch_axis] + wide.strides[batch_axis + 1 :] or (0,)
        result = self.new((*before, *after), batch_axis)
        *outer, last = (*before, *after) or (1,)
        for number, index in enumerate(np.ndindex(*outer)):
            start = wide.offset + sum(i * stride for i, stride in zip(index, strides, strict=False))
            self.add(
                codes.SPREAD,
                input=self.operand_in(wide.memory, start),
                result=self.operand_in(result.memory, number * last * LANES),
                length=last,
                other_distance=strides[-1],
            )
        return result

    def chosen(self, condition: Symbol, yes: Any, no: Any) -> Symbol:
        """Return `yes` where the condition is not 0, and `no` elsewhere; both can be numbers."""
        fields: dict[str, Any] = {}
        symbols = [condition, *(each for each in (yes, no) if np.ndim(each))]
        aligned_symbols = iter(self._aligned(*symbols))
        condition = next(aligned_symbols)
        for each, operand, scalar in ((yes, "other", "scalar"), (no, "bias", "other_scalar")):
            if np.ndim(each):
                fields[operand] = self.operand(next(aligned_symbols))
            else:
                fields[scalar] = float(each)
        result = self.new(condition.inner, condition.batch_axis)
        fields["input"], fields["result"] = self.operand(condition), self.operand(result)
        self.add(codes.CHOOSE, **fields, length=condition.count)
        return result

    def trimmed(self, value: Any) -> Any:
        """Return a gradient of the images alone: what fills up the last block has none."""
        if value is None or self.batch % LANES == 0:
            return value
        result = self.dense(self.images(value, value.batch_axis if isinstance(value, Symbol) else 0))
        self.add(codes.TRIM, result=self.operand(result), length=result.count)
        return result

    def filled_up(self, images: Symbol) -> Symbol:
        """Fill up the last block with its last image: what is calculated with it is as finite as with the image."""
        if self.batch % LANES:
            self.add(codes.REPEAT, result=self.operand(images), length=images.count)
        return images

    def sum_of(self, a: Symbol, b: Symbol) -> Symbol:
        """Return a + b; what is added up over all images is added up in one place."""
        if a.memory.of_images:
            return self.binary(codes.ADD, a, b)
        if not (a.memory.is_sum and b.memory.is_sum):
            raise UnplannableError("a calculation between parameters")
        if (a.shape, a.strides, a.offset) != (b.shape, b.strides, b.offset):
            raise UnplannableError("gradients of one parameter in different memory layouts")
        b.memory.merge(a.memory)
        return a

    def sum_of_images(self, a: Symbol, axes: tuple[int, ...], keepdims: bool) -> Symbol:
        """Return the sum over the batch and the last dimensions."""
        kept = a.ndim - len(axes)
        if not a.memory.of_images or a.batch_axis or axes != (0, *range(kept + 1, a.ndim)):
            raise UnplannableError("a sum that is not over the batch and all positions")
        a = self.dense(a)
        result = self.new_sum(a.shape[1 : kept + 1])
        self.add(
            codes.ADD_SUMS,
            input=self.operand(a),
            result=self.operand(result),
            channels=result.size,
            length=a.count // result.size,
        )
        if keepdims:
            return result.reshape(tuple(1 if axis in axes else size for axis, size in enumerate(a.shape)))
        return result

    def sum_in_images(self, a: Symbol, axes: tuple[int, ...], keepdims: bool) -> Symbol:
        """Return the sum of each image over some dimensions."""
        kept = tuple(axis for axis in range(a.ndim) if axis not in axes)
        rows = self.dense(a.transpose(*kept, *axes))
        inner = tuple(a.shape[axis] for axis in kept if axis != a.batch_axis)
        result = self.new(inner, kept.index(a.batch_axis))
        operands = {"input": self.operand(rows), "result": self.operand(result)}
        self.add(codes.ADD_ROWS, **operands, channels=result.count, length=rows.count // max(result.count, 1))
        if keepdims:
            return result.reshape(tuple(1 if axis in axes else size for axis, size in enumerate(a.shape)))
        return result

    def concatenated(self, arrays: Sequence[Any], axis: int) -> Symbol:
        """Return values of each image one after the other."""
        batch_axis = next(array for array in arrays if isinstance(array, Symbol)).batch_axis
        if axis == batch_axis:
            raise UnplannableError("a concatenation along the batch")
        parts = [self.dense(self.images(array, batch_axis)) for array in arrays]
        place = axis - (axis > batch_axis)
        inner = list(parts[0].inner)
        inner[place] = sum(part.inner[place] for part in parts)
        result = self.new(inner, batch_axis)
        key: list[Any] = [slice(None)] * (axis + 1)
        first = 0
        for part in parts:
            last = first + part.shape[axis]
            key[axis] = slice(first, last)
            target = result[tuple(key)]
            memory = part.memory
            is_whole = memory.array is None and memory.final() is memory and memory.size == part.count * LANES
            if is_whole and not any(size > 1 for size in inner[:place]):
                # What makes it writes to its place at once.
                memory.merge(result.memory, target.offset * LANES)
            else:
                self.write(part, target)
            first = last
        return result

    def stacked(self, arrays: Sequence[Any], axis: int) -> Symbol:
        """Return values of each image along a new axis."""
        wide = [
            np.expand_dims(each, axis) if isinstance(each, np.ndarray) else each.expand_dims(axis) for each in arrays
        ]
        return self.concatenated(wide, axis)

    def matrix(self, weight: Symbol) -> Weights:
        """Return how to walk through a matrix (in, out) that has nothing to do with images."""
        if weight.memory.of_images or weight.ndim != 2:
            raise UnplannableError("a product of two values of each image")
        return Weights(self.operand(weight), 0, weight.strides[1], weight.strides[0])

    def kernels(self, weight: Symbol) -> Weights:
        """Return how to walk through the weights (O, C / groups, kH, kW) of a convolution."""
        if weight.memory.of_images:
            raise UnplannableError("a convolution with values of each image")
        return Weights(self.operand(weight), 0, *weight.strides)

    def lasting(self, symbol: Symbol) -> Symbol:
        """Return a result in memory of its own (blocks, elements, LANES), from which it can be read after a run."""
        dense = self.dense_images(symbol)
        memory = dense.memory
        if memory.array is not None or memory.final() is not memory or memory.size != dense.count * LANES:
            dense = self.unary(codes.SCALE, dense, 1.0)
        dense.memory.array = aligned((self.blocks, dense.count, LANES), np.float32, zero=True)
        return dense

    def content(self) -> tuple[Any, ...]:
        """Return what is equal for programs that do the same with the same parameters."""
        return list(self.instructions), [(*_content(memory), memory.start + offset) for memory, offset in self.operands]

    # Layout ---------------------------------------------------------------------------------------------

    def place_images(self) -> tuple[int, int]:
        """Give memory of images its place, where no two that are needed at the same time meet.

        Returns:
            The size of what each thread needs, and of what is kept of each block from phase to phase.
        """
        spans: dict[Memory, list[int]] = {}
        for position, instruction in enumerate(self.instructions):
            for memory in self._memories(instruction):
                if memory.of_images and memory.array is None:
                    spans.setdefault(memory, [position, position])[1] = position
        ends = [end for _, end, _ in codes.phases(each.opcode for each in self.instructions)]
        for memory, (first, last) in spans.items():
            memory.is_kept = bisect(ends, first) != bisect(ends, last)
        sizes = [
            place_apart({memory: span for memory, span in spans.items() if memory.is_kept is is_kept})
            for is_kept in (False, True)
        ]
        return sizes[0], sizes[1]

    def shared(self) -> list[Memory]:
        """Return the memory of results that there is one of for all images, without the sums."""
        found = (memory.final() for memory, _ in self.operands[1:])
        return list(
            dict.fromkeys(each for each in found if not each.of_images and not each.is_sum and each.array is None)
        )

    def place_sums(self, memories: Sequence[Memory]) -> int:
        """Give sums their places one after the other, in this order; return the size."""
        total = 0
        for memory in memories:
            memory.place = total
            total += memory.size
        return total

    def _memories(self, instruction: Instruction) -> list[Memory]:
        numbers = [getattr(instruction, name) for name in OPERAND_FIELDS]
        return [self.operands[number][0].final() for number in numbers if number]


def _content(memory: Memory) -> tuple[int, ...]:
    if memory.array is None or memory.of_images:
        return memory.size, memory.of_images
    # Which bytes the images are picked from may change each time; parameters may not.
    return (id(memory.array),) if memory.array.dtype == np.float32 else ()
