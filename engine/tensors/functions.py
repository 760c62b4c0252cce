"""Tensor methods as functions: `nnkit.exp(x)` beside `x.exp()`."""

from __future__ import annotations

import numpy as np

from nnkit import ops
from nnkit.dtypes import Scalar, common_type, dtype, of_array
from nnkit.recording import note_obstacle
from nnkit.tensors.tensor import Tensor

abs = Tensor.abs
add = Tensor.add
all = Tensor.all
amax = Tensor.amax
amin = Tensor.amin
any = Tensor.any
argmax = Tensor.argmax
argmin = Tensor.argmin
argsort = Tensor.argsort
bincount = Tensor.bincount
bmm = Tensor.bmm
ceil = Tensor.ceil
chunk = Tensor.chunk
clamp = Tensor.clamp
clamp_max = Tensor.clamp_max
clamp_min = Tensor.clamp_min
clone = Tensor.clone
cos = Tensor.cos
cosh = Tensor.cosh
count_nonzero = Tensor.count_nonzero
cumsum = Tensor.cumsum
diag = Tensor.diag
div = Tensor.div
dot = Tensor.dot
eq = Tensor.eq
erf = Tensor.erf
exp = Tensor.exp
expm1 = Tensor.expm1
flatten = Tensor.flatten
flip = Tensor.flip
floor = Tensor.floor
floor_divide = Tensor.floor_divide
fmod = Tensor.fmod
gather = Tensor.gather
ge = Tensor.ge
gt = Tensor.gt
index_select = Tensor.index_select
isfinite = Tensor.isfinite
isinf = Tensor.isinf
isnan = Tensor.isnan
le = Tensor.le
log = Tensor.log
log10 = Tensor.log10
log1p = Tensor.log1p
log2 = Tensor.log2
log_softmax = Tensor.log_softmax
logical_and = Tensor.logical_and
logical_not = Tensor.logical_not
logical_or = Tensor.logical_or
logical_xor = Tensor.logical_xor
logsumexp = Tensor.logsumexp
lt = Tensor.lt
masked_fill = Tensor.masked_fill
masked_select = Tensor.masked_select
matmul = Tensor.matmul
max = Tensor.max
maximum = Tensor.maximum
mean = Tensor.mean
min = Tensor.min
minimum = Tensor.minimum
mm = Tensor.mm
mul = Tensor.mul
mv = Tensor.mv
narrow = Tensor.narrow
ne = Tensor.ne
neg = Tensor.neg
nonzero = Tensor.nonzero
norm = Tensor.norm
outer = Tensor.outer
permute = Tensor.permute
pow = Tensor.pow
prod = Tensor.prod
ravel = Tensor.ravel
reciprocal = Tensor.reciprocal
relu = Tensor.relu
remainder = Tensor.remainder
reshape = Tensor.reshape
round = Tensor.round
rsqrt = Tensor.rsqrt
scatter = Tensor.scatter
sigmoid = Tensor.sigmoid
sign = Tensor.sign
sin = Tensor.sin
sinh = Tensor.sinh
softmax = Tensor.softmax
sort = Tensor.sort
split = Tensor.split
sqrt = Tensor.sqrt
square = Tensor.square
squeeze = Tensor.squeeze
std = Tensor.std
sub = Tensor.sub
sum = Tensor.sum
swapaxes = Tensor.swapaxes
t = Tensor.t
tanh = Tensor.tanh
tile = Tensor.tile
topk = Tensor.topk
transpose = Tensor.transpose
tril = Tensor.tril
triu = Tensor.triu
trunc = Tensor.trunc
unbind = Tensor.unbind
unflatten = Tensor.unflatten
unique = Tensor.unique
unsqueeze = Tensor.unsqueeze
var = Tensor.var
absolute = Tensor.abs
multiply = Tensor.mul
subtract = Tensor.sub
divide = Tensor.div


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor) -> Tensor:
    """Return input + mat1 @ mat2.

    Args:
        input: what is added, broadcast to (n, p).
        mat1: (n, m).
        mat2: (m, p).

    Raises:
        RuntimeError: shapes or types do not fit.

    Examples:
        >>> torch.addmm(torch.ones(2), torch.eye(2), torch.eye(2))
        tensor([[2., 1.],
                [1., 2.]])
    """
    return input.apply(ops.Addmm, mat1, mat2)


def equal(input: Tensor, other: Tensor) -> bool:
    """Return whether two tensors have the same shape and the same elements.

    Examples:
        >>> torch.equal(torch.tensor([1, 2]), torch.tensor([1, 2]))
        True
    """
    return input.shape == other.shape and bool((input == other).all())


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Return whether all elements are as near as rtol * |other| + atol.

    Examples:
        >>> torch.allclose(torch.tensor([1.0]), torch.tensor([1.0 + 1e-7]))
        True
    """
    note_obstacle("allclose()")
    return bool(np.allclose(input.array, other.array, rtol=rtol, atol=atol, equal_nan=equal_nan))


def is_inference(input: Tensor) -> bool:
    """Return whether a tensor was made in inference mode, and so can never be part of a backward pass.

    Examples:
        >>> with torch.inference_mode():
        ...     x = torch.ones(2)
        >>> torch.is_inference(x)
        True
    """
    return input.is_inference()


def is_tensor(thing: object) -> bool:
    """Return whether something is a tensor.

    Examples:
        >>> torch.is_tensor(torch.ones(1)), torch.is_tensor(1.0)
        (True, False)
    """
    return isinstance(thing, Tensor)


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Return which elements are as near as rtol * |other| + atol.

    Examples:
        >>> torch.isclose(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.1]))
        tensor([ True, False])
    """
    return Tensor(np.isclose(input.array, other.array, rtol=rtol, atol=atol, equal_nan=equal_nan))


def numel(input: Tensor) -> int:
    """Return the number of elements.

    Examples:
        >>> torch.numel(torch.ones(2, 3))
        6
    """
    return input.numel()


def is_floating_point(input: Tensor) -> bool:
    """Return whether the elements have a fraction.

    Examples:
        >>> torch.is_floating_point(torch.ones(1))
        True
    """
    return input.is_floating_point()


def result_type(tensor1: Tensor | Scalar, tensor2: Tensor | Scalar) -> dtype:
    """Return the element type in which two tensors or numbers are combined.

    Examples:
        >>> torch.result_type(torch.tensor([1, 2]), 1.5)
        torch.float32
        >>> torch.result_type(torch.tensor([1, 2], dtype=torch.uint8), 1)
        torch.uint8
    """
    operands = [each.array if isinstance(each, Tensor) else each for each in (tensor1, tensor2)]
    return of_array(np.empty(0, common_type(operands)))
