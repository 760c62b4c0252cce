"""Tensor methods as functions: `nnkit.exp(x)` beside `x.exp()`."""

from __future__ import annotations

import numpy as np

from nnkit import ops
from nnkit.recording import note_obstacle
from nnkit.tensors.tensor import Tensor

abs = Tensor.abs
add = Tensor.add
all = Tensor.all
any = Tensor.any
argmax = Tensor.argmax
argmin = Tensor.argmin
bmm = Tensor.bmm
clamp = Tensor.clamp
clone = Tensor.clone
div = Tensor.div
dot = Tensor.dot
eq = Tensor.eq
exp = Tensor.exp
flatten = Tensor.flatten
ge = Tensor.ge
gt = Tensor.gt
isfinite = Tensor.isfinite
isnan = Tensor.isnan
le = Tensor.le
log = Tensor.log
log_softmax = Tensor.log_softmax
lt = Tensor.lt
masked_fill = Tensor.masked_fill
matmul = Tensor.matmul
max = Tensor.max
maximum = Tensor.maximum
mean = Tensor.mean
min = Tensor.min
minimum = Tensor.minimum
mm = Tensor.mm
mul = Tensor.mul
mv = Tensor.mv
ne = Tensor.ne
neg = Tensor.neg
norm = Tensor.norm
permute = Tensor.permute
pow = Tensor.pow
prod = Tensor.prod
reciprocal = Tensor.reciprocal
relu = Tensor.relu
reshape = Tensor.reshape
sigmoid = Tensor.sigmoid
softmax = Tensor.softmax
split = Tensor.split
sqrt = Tensor.sqrt
square = Tensor.square
squeeze = Tensor.squeeze
std = Tensor.std
sub = Tensor.sub
sum = Tensor.sum
t = Tensor.t
tanh = Tensor.tanh
transpose = Tensor.transpose
unbind = Tensor.unbind
unsqueeze = Tensor.unsqueeze
var = Tensor.var


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor) -> Tensor:
    """Return input + mat1 @ mat2."""
    return input.apply(ops.Addmm, mat1, mat2)


def equal(input: Tensor, other: Tensor) -> bool:
    """Return whether two tensors have the same shape and the same elements."""
    return input.shape == other.shape and bool((input == other).all())


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Return whether all elements are as near as rtol * |other| + atol."""
    note_obstacle("allclose()")
    return bool(np.allclose(input.array, other.array, rtol=rtol, atol=atol, equal_nan=equal_nan))


def is_inference(input: Tensor) -> bool:
    """Return whether a tensor was made in inference mode, and so can never be part of a backward pass."""
    return input.is_inference()


def is_tensor(thing: object) -> bool:
    """Return whether something is a tensor."""
    return isinstance(thing, Tensor)
