"""Tensors: arrays that remember how they were made."""

from nnkit.tape import RemovableHandle
from nnkit.tensors.creation import (
    arange,
    as_tensor,
    empty,
    empty_like,
    eye,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    randperm,
    tensor,
    zeros,
    zeros_like,
)
from nnkit.tensors.joining import cat, concat, concatenate, hstack, stack, vstack, where
from nnkit.tensors.modes import enable_grad, inference_mode, no_grad, set_grad_enabled
from nnkit.tensors.sharing import from_dlpack, from_numpy
from nnkit.tensors.size import Size
from nnkit.tensors.tensor import Tensor, apply, apply_all

__all__ = [
    "RemovableHandle",
    "Size",
    "Tensor",
    "apply",
    "apply_all",
    "arange",
    "as_tensor",
    "cat",
    "concat",
    "concatenate",
    "empty",
    "empty_like",
    "enable_grad",
    "eye",
    "from_dlpack",
    "from_numpy",
    "full",
    "full_like",
    "hstack",
    "inference_mode",
    "linspace",
    "no_grad",
    "ones",
    "ones_like",
    "rand",
    "rand_like",
    "randint",
    "randn",
    "randn_like",
    "randperm",
    "set_grad_enabled",
    "stack",
    "tensor",
    "vstack",
    "where",
    "zeros",
    "zeros_like",
]
