"""How parameters change, given their gradients: the rules of the optimizers as loops over memory.

A rule is a machine function of its own, compiled when it is first needed and called through its address, so that all
parameters of a network are changed in one call. Options are tested where they count, inside of the loop: of each
combination the compiler makes a loop without tests, a vector register wide. For that the numbers must be in variables,
as for all it knows an array lies over the record that they come from.

Where products and sums are rounded, and where once for both, is as in PyTorch's kernels: parameters then have its bits,
but for those that a root has gone into, which its library does not always round right.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np
from numba import types

from nnkit.kernels.cpu.compiler import call, inner_kernel, kernel, machine_function, parallel_kernel, prange
from nnkit.kernels.cpu.simd_arithmetic import fused
from nnkit.kernels.cpu.simd_python import memory_at
from nnkit.kernels.layout import Array
from nnkit.kernels.memory import address
from nnkit.kernels.updates import AdadeltaRule, AdagradRule, AdamRule, AverageRule, RmsPropRule, Rule, SgdRule

# Places for arrays in the table of addresses: the values, their gradient and the state.
ARRAYS = 5
# Elements that a thread works on at a time: with all arrays, a share of the first-level cache.
CHUNK = 4096
# Fewer elements are not worth a second thread. After a backward pass that one is still awake, and needs its part of the
# new values in its own cache anyway.
PARALLEL = 2**14


@inner_kernel
def _direction(sign, gradient, weight_decay, value):
    direction = sign * gradient
    return fused(weight_decay, value, direction) if weight_decay != 0 else direction


@inner_kernel
def _interpolated(start, end, share):
    """Return what lies this share of the way from start to end, counted from the nearer one, so that 1 arrives."""
    # Of type float32, 1 keeps the type of the share, which an integer would not.
    return fused(share, end - start, start) if share < 0.5 else fused(start - end, np.float32(1) - share, end)


@inner_kernel
def _with_square(average, kept, direction, share):
    return fused(share * direction, direction, kept * average)


def _sgd(values, gradient, buffer, unused, unused_too, count, rule):
    sign, weight_decay, momentum = rule.sign, rule.weight_decay, rule.momentum
    kept, nesterov, lr = rule.kept, rule.nesterov, rule.lr
    for i in range(count):
        direction = _direction(sign, gradient[i], weight_decay, values[i])
        if momentum != 0:
            moved = fused(kept, direction, momentum * buffer[i])
            buffer[i] = moved
            direction = fused(momentum, moved, direction) if nesterov != 0 else moved
        values[i] = fused(-lr, direction, values[i])


def _adam(values, gradient, average, square, greatest, count, rule):
    sign, weight_decay, shrink = rule.sign, rule.weight_decay, rule.shrink
    average_share, square_kept, square_share = rule.average_share, rule.square_kept, rule.square_share
    root_bias, step, eps, amsgrad = rule.root_bias, rule.step, rule.eps, rule.amsgrad
    for i in range(count):
        value = shrink * values[i]
        direction = _direction(sign, gradient[i], weight_decay, value)
        first = _interpolated(average[i], direction, average_share)
        average[i] = first
        second = _with_square(square[i], square_kept, direction, square_share)
        square[i] = second
        if amsgrad != 0:
            if second > greatest[i] or np.isnan(second):
                greatest[i] = second
            second = greatest[i]
        values[i] = value - step * first / (np.sqrt(second) / root_bias + eps)


def _rmsprop(values, gradient, square, buffer, average, count, rule):
    sign, weight_decay, kept, share = rule.sign, rule.weight_decay, rule.kept, rule.share
    momentum, centered, eps, lr = rule.momentum, rule.centered, rule.eps, rule.lr
    for i in range(count):
        direction = _direction(sign, gradient[i], weight_decay, values[i])
        second = _with_square(square[i], kept, direction, share)
        square[i] = second
        if centered != 0:
            first = _interpolated(average[i], direction, share)
            average[i] = first
            second = fused(-first, first, second)
        root = np.sqrt(second) + eps
        if momentum != 0:
            moved = momentum * buffer[i] + direction / root
            buffer[i] = moved
            values[i] = fused(-lr, moved, values[i])
        else:
            values[i] -= lr * direction / root


def _adagrad(values, gradient, total, unused, unused_too, count, rule):
    sign, weight_decay, lr, eps = rule.sign, rule.weight_decay, rule.lr, rule.eps
    for i in range(count):
        direction = _direction(sign, gradient[i], weight_decay, values[i])
        total[i] = fused(direction, direction, total[i])
        values[i] -= lr * direction / (np.sqrt(total[i]) + eps)


def _adadelta(values, gradient, square, change, unused, count, rule):
    sign, weight_decay, kept, share = rule.sign, rule.weight_decay, rule.kept, rule.share
    eps, lr = rule.eps, rule.lr
    for i in range(count):
        direction = _direction(sign, gradient[i], weight_decay, values[i])
        square[i] = _with_square(square[i], kept, direction, share)
        moved = np.sqrt(change[i] + eps) / np.sqrt(square[i] + eps) * direction
        change[i] = _with_square(change[i], kept, moved, share)
        values[i] = fused(-lr, moved, values[i])


def _average(values, latest, unused, unused_too, unused_as_well, count, rule):
    share = rule.share
    for i in range(count):
        values[i] = _interpolated(values[i], latest[i], share)


_RULES = {
    SgdRule: _sgd,
    AdamRule: _adam,
    RmsPropRule: _rmsprop,
    AdagradRule: _adagrad,
    AdadeltaRule: _adadelta,
    AverageRule: _average,
}


@kernel
def _run(function, chunks, addresses, rules, rule_bytes, itemsize, first, last):
    for chunk in range(first, last):
        update, start, count = chunks[chunk, 0], chunks[chunk, 1] * itemsize, chunks[chunk, 2]
        row = addresses[update]
        arrays = row[0] + start, row[1] + start, row[2] + start, row[3] + start, row[4] + start
        call(function, (*arrays, count, rules + update * rule_bytes))


@parallel_kernel
def _run_parallel(function, chunks, addresses, rules, rule_bytes, itemsize):
    for chunk in prange(len(chunks)):
        _run(function, chunks, addresses, rules, rule_bytes, itemsize, chunk, chunk + 1)


def _run_python(function, chunks, addresses, rules):
    """Run without a compiler, for NUMBA_DISABLE_JIT=1: slow, and every address is checked."""
    dtype = rules.dtype[0]
    with np.errstate(all="ignore"):
        for update, start, count in chunks:
            arrays = [memory_at(a + start * dtype.itemsize, count if a else 0, dtype) for a in addresses[update]]
            function(*arrays, count, rules[update, 0])


def chunks_of(shapes: Sequence[tuple[int, ...]]) -> Array:
    """Return how arrays of these shapes are cut: which one, the first element and the count (chunks, 3)."""
    sizes = [math.prod(shape) for shape in shapes]
    chunks = [
        (number, start, min(CHUNK, size - start))
        for number, size in enumerate(sizes)
        for start in range(0, size, CHUNK)
    ]
    return np.array(chunks, np.int64).reshape(-1, 3)


def runner(kind: type[Rule], chunks: Array, addresses: Array, rules: Array) -> Callable[[], None]:
    """Return what runs rules of a kind, with the numbers and on the addresses that the tables have when it is called.

    Args:
        kind: the class of the rules.
        chunks: of `chunks_of`.
        addresses: of values, gradient and state, 0 for what is not used (updates, ARRAYS).
        rules: their numbers, in the type of the arrays (updates, fields).
    """
    rule, fields = _RULES[kind], np.dtype([(name, rules.dtype) for name in kind._fields])
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        return functools.partial(_run_python, rule, chunks, addresses, rules.view(fields).view(np.recarray))
    pointer: Any = types.CPointer  # Numba's types are not typed
    arrays = [pointer(numba.from_dtype(rules.dtype))] * ARRAYS
    function = machine_function(rule, *arrays, types.int64, numba.from_dtype(fields))
    tables = chunks, addresses, address(rules), fields.itemsize, rules.itemsize
    if chunks[:, 2].sum() < PARALLEL:
        return functools.partial(_run, function, *tables, 0, len(chunks))
    return functools.partial(_run_parallel, function, *tables)
