"""Tensor methods as functions: `nnkit.exp(x)` beside `x.exp()`."""

from __future__ import annotations

import numpy as np

from nnkit import ops
from nnkit.dtypes import Scalar, common_type, dtype, of_array
from nnkit.recording import note_obstacle
from nnkit.tensors.calling import as_function
from nnkit.tensors.explaining import explained
from nnkit.tensors.tensor import Tensor

abs = as_function(Tensor.abs)
add = as_function(Tensor.add, of_numbers=True)
all = as_function(Tensor.all)
amax = as_function(Tensor.amax)
amin = as_function(Tensor.amin)
any = as_function(Tensor.any)
argmax = as_function(Tensor.argmax)
argmin = as_function(Tensor.argmin)
argsort = as_function(Tensor.argsort)
bincount = as_function(Tensor.bincount)
bmm = as_function(Tensor.bmm)
ceil = as_function(Tensor.ceil)
chunk = as_function(Tensor.chunk)
clamp = as_function(Tensor.clamp)
clamp_max = as_function(Tensor.clamp_max)
clamp_min = as_function(Tensor.clamp_min)
clone = as_function(Tensor.clone)
cos = as_function(Tensor.cos)
cosh = as_function(Tensor.cosh)
count_nonzero = as_function(Tensor.count_nonzero)
cumsum = as_function(Tensor.cumsum)
diag = as_function(Tensor.diag)
div = as_function(Tensor.div, of_numbers=True)
dot = as_function(Tensor.dot)
eq = as_function(Tensor.eq)
erf = as_function(Tensor.erf)
exp = as_function(Tensor.exp)
expm1 = as_function(Tensor.expm1)
flatten = as_function(Tensor.flatten)
flip = as_function(Tensor.flip)
floor = as_function(Tensor.floor)
floor_divide = as_function(Tensor.floor_divide)
fmod = as_function(Tensor.fmod)
gather = as_function(Tensor.gather)
ge = as_function(Tensor.ge)
gt = as_function(Tensor.gt)
index_select = as_function(Tensor.index_select)
isfinite = as_function(Tensor.isfinite)
isinf = as_function(Tensor.isinf)
isnan = as_function(Tensor.isnan)
le = as_function(Tensor.le)
log = as_function(Tensor.log)
log10 = as_function(Tensor.log10)
log1p = as_function(Tensor.log1p)
log2 = as_function(Tensor.log2)
log_softmax = as_function(Tensor.log_softmax)
logical_and = as_function(Tensor.logical_and)
logical_not = as_function(Tensor.logical_not)
logical_or = as_function(Tensor.logical_or)
logical_xor = as_function(Tensor.logical_xor)
logsumexp = as_function(Tensor.logsumexp)
lt = as_function(Tensor.lt)
masked_fill = as_function(Tensor.masked_fill)
masked_select = as_function(Tensor.masked_select)
matmul = as_function(Tensor.matmul)
max = as_function(Tensor.max)
maximum = as_function(Tensor.maximum)
mean = as_function(Tensor.mean)
min = as_function(Tensor.min)
minimum = as_function(Tensor.minimum)
mm = as_function(Tensor.mm)
mul = as_function(Tensor.mul, of_numbers=True)
mv = as_function(Tensor.mv)
narrow = as_function(Tensor.narrow)
ne = as_function(Tensor.ne)
neg = as_function(Tensor.neg)
nonzero = as_function(Tensor.nonzero)
norm = as_function(Tensor.norm)
outer = as_function(Tensor.outer)
permute = as_function(Tensor.permute)
pow = as_function(Tensor.pow, of_numbers=True)
prod = as_function(Tensor.prod)
ravel = as_function(Tensor.ravel)
reciprocal = as_function(Tensor.reciprocal)
relu = as_function(Tensor.relu)
remainder = as_function(Tensor.remainder)
reshape = as_function(Tensor.reshape)
round = as_function(Tensor.round)
rsqrt = as_function(Tensor.rsqrt)
scatter = as_function(Tensor.scatter)
sigmoid = as_function(Tensor.sigmoid)
sign = as_function(Tensor.sign)
sin = as_function(Tensor.sin)
sinh = as_function(Tensor.sinh)
softmax = as_function(Tensor.softmax)
sort = as_function(Tensor.sort)
split = as_function(Tensor.split)
sqrt = as_function(Tensor.sqrt)
square = as_function(Tensor.square)
squeeze = as_function(Tensor.squeeze)
std = as_function(Tensor.std)
sub = as_function(Tensor.sub, of_numbers=True)
sum = as_function(Tensor.sum)
swapaxes = as_function(Tensor.swapaxes)
t = as_function(Tensor.t)
tanh = as_function(Tensor.tanh)
tile = as_function(Tensor.tile)
topk = as_function(Tensor.topk)
transpose = as_function(Tensor.transpose)
tril = as_function(Tensor.tril)
triu = as_function(Tensor.triu)
trunc = as_function(Tensor.trunc)
unbind = as_function(Tensor.unbind)
unflatten = as_function(Tensor.unflatten)
unique = as_function(Tensor.unique)
unsqueeze = as_function(Tensor.unsqueeze)
var = as_function(Tensor.var)
absolute = as_function(Tensor.absolute)
multiply = as_function(Tensor.multiply, of_numbers=True)
subtract = as_function(Tensor.subtract, of_numbers=True)
divide = as_function(Tensor.divide, of_numbers=True)


@explained
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


@explained
def equal(input: Tensor, other: Tensor) -> bool:
    """Return whether two tensors have the same shape and the same elements.

    Examples:
        >>> torch.equal(torch.tensor([1, 2]), torch.tensor([1, 2]))
        True
    """
    return input.shape == other.shape and bool((input == other).all())


@explained
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


@explained
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Return which elements are as near as rtol * |other| + atol.

    Examples:
        >>> torch.isclose(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.1]))
        tensor([ True, False])
    """
    return Tensor(np.isclose(input.array, other.array, rtol=rtol, atol=atol, equal_nan=equal_nan))


@explained
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
