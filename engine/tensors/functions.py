"""Tensor methods as functions: `nnkit.exp(x)` beside `x.exp()`."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnkit.dtypes import Scalar, common_type, dtype, of_array
from nnkit.tensors.calling import as_function
from nnkit.tensors.creation import arange
from nnkit.tensors.explaining import explained
from nnkit.tensors.tensor import Tensor

abs = as_function(Tensor.abs)
absolute = as_function(Tensor.absolute)
acos = as_function(Tensor.acos)
add = as_function(Tensor.add, of_numbers=True)
addmm = as_function(Tensor.addmm)
all = as_function(Tensor.all)
allclose = as_function(Tensor.allclose)
amax = as_function(Tensor.amax)
amin = as_function(Tensor.amin)
any = as_function(Tensor.any)
argmax = as_function(Tensor.argmax)
argmin = as_function(Tensor.argmin)
argsort = as_function(Tensor.argsort)
asin = as_function(Tensor.asin)
atan = as_function(Tensor.atan)
bincount = as_function(Tensor.bincount)
bitwise_and = as_function(Tensor.bitwise_and)
bitwise_not = as_function(Tensor.bitwise_not)
bitwise_or = as_function(Tensor.bitwise_or)
bitwise_xor = as_function(Tensor.bitwise_xor)
bmm = as_function(Tensor.bmm)
broadcast_to = as_function(Tensor.broadcast_to, in_sequence=True)
ceil = as_function(Tensor.ceil)
chunk = as_function(Tensor.chunk)
clamp = as_function(Tensor.clamp)
clamp_max = as_function(Tensor.clamp_max)
clamp_min = as_function(Tensor.clamp_min)
clip = as_function(Tensor.clip)
clone = as_function(Tensor.clone)
cos = as_function(Tensor.cos)
cosh = as_function(Tensor.cosh)
count_nonzero = as_function(Tensor.count_nonzero)
cumsum = as_function(Tensor.cumsum)
diag = as_function(Tensor.diag)
div = as_function(Tensor.div, of_numbers=True)
divide = as_function(Tensor.divide, of_numbers=True)
dot = as_function(Tensor.dot)
eq = as_function(Tensor.eq)
equal = as_function(Tensor.equal)
erf = as_function(Tensor.erf)
exp = as_function(Tensor.exp)
expm1 = as_function(Tensor.expm1)
flatten = as_function(Tensor.flatten)
flip = as_function(Tensor.flip, in_sequence=True)
floor = as_function(Tensor.floor)
floor_divide = as_function(Tensor.floor_divide)
fmod = as_function(Tensor.fmod)
gather = as_function(Tensor.gather)
ge = as_function(Tensor.ge)
gt = as_function(Tensor.gt)
index_select = as_function(Tensor.index_select)
isclose = as_function(Tensor.isclose)
isfinite = as_function(Tensor.isfinite)
isinf = as_function(Tensor.isinf)
isnan = as_function(Tensor.isnan)
le = as_function(Tensor.le)
lerp = as_function(Tensor.lerp)
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
median = as_function(Tensor.median)
min = as_function(Tensor.min)
minimum = as_function(Tensor.minimum)
mm = as_function(Tensor.mm)
mul = as_function(Tensor.mul, of_numbers=True)
multiply = as_function(Tensor.multiply, of_numbers=True)
mv = as_function(Tensor.mv)
nan_to_num = as_function(Tensor.nan_to_num)
narrow = as_function(Tensor.narrow)
ne = as_function(Tensor.ne)
neg = as_function(Tensor.neg)
nonzero = as_function(Tensor.nonzero)
norm = as_function(Tensor.norm)
outer = as_function(Tensor.outer)
permute = as_function(Tensor.permute, in_sequence=True)
pow = as_function(Tensor.pow, of_numbers=True)
prod = as_function(Tensor.prod)
ravel = as_function(Tensor.ravel)
reciprocal = as_function(Tensor.reciprocal)
relu = as_function(Tensor.relu)
remainder = as_function(Tensor.remainder)
reshape = as_function(Tensor.reshape, in_sequence=True)
roll = as_function(Tensor.roll)
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
subtract = as_function(Tensor.subtract, of_numbers=True)
sum = as_function(Tensor.sum)
swapaxes = as_function(Tensor.swapaxes)
t = as_function(Tensor.t)
tan = as_function(Tensor.tan)
tanh = as_function(Tensor.tanh)
tile = as_function(Tensor.tile, in_sequence=True)
topk = as_function(Tensor.topk)
trace = as_function(Tensor.trace)
transpose = as_function(Tensor.transpose)
tril = as_function(Tensor.tril)
triu = as_function(Tensor.triu)
trunc = as_function(Tensor.trunc)
unbind = as_function(Tensor.unbind)
unflatten = as_function(Tensor.unflatten)
unique = as_function(Tensor.unique, told="_unique2")
unsqueeze = as_function(Tensor.unsqueeze)
var = as_function(Tensor.var)


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


@explained
def repeat_interleave(input: Tensor, repeats: Any = None, dim: int | None = None) -> Tensor:
    """Return each element several times in a row; of numbers alone, each position as often as its number says.

    Args:
        input: what is repeated, or the numbers.
        repeats: how often each is repeated, a number or a tensor of numbers.
        dim: the dimension; the flattened elements are repeated where it is omitted.

    Raises:
        RuntimeError: a number is negative, or there are not as many as elements.

    Examples:
        >>> torch.repeat_interleave(torch.tensor([5, 6]), 2)
        tensor([5, 5, 6, 6])
        >>> torch.repeat_interleave(torch.tensor([1, 2]))
        tensor([0, 1, 1])
    """
    if repeats is None:
        return arange(len(input)).repeat_interleave(input)
    return input.repeat_interleave(repeats, dim)
