"""The activations as functions; `nnkit.nn.functional` has them among its names.

Source: the arguments and the messages are those of PyTorch's `torch.nn.functional`.
"""

from __future__ import annotations

import warnings

from nnkit.dtypes import dtype as DType
from nnkit.nn.naming import require_tensor
from nnkit.tensors import Tensor


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return the greater of each element and 0; NaN stays NaN."""
    require_tensor("relu", "input", 1, input)
    return input.relu_() if inplace else input.relu()


def relu_(input: Tensor) -> Tensor:
    """Write the greater of each element and 0 over `input`."""
    require_tensor("relu_", "input", 1, input)
    return input.relu_()


def tanh(input: Tensor) -> Tensor:
    """Return the hyperbolic tangent of each element."""
    require_tensor("tanh", "input", 1, input)
    return input.tanh()


def sigmoid(input: Tensor) -> Tensor:
    """Return 1 / (1 + exp(-x)) of each element."""
    require_tensor("sigmoid", "input", 1, input)
    return input.sigmoid()


def _along(name: str, input: Tensor, dim: int | None, dtype: DType | None) -> tuple[Tensor, int]:
    """Return the input and the dimension of a softmax, as PyTorch makes them out of what was given and what was not."""
    require_tensor(name, "input", 1, input)
    if dim is None:
        warnings.warn(
            f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an "
            "argument.",
            stacklevel=3,
        )
        dim = 0 if input.dim() in (0, 1, 3) else 1
    return (input if dtype is None else input.to(dtype)), dim


def softmax(input: Tensor, dim: int | None = None, *, dtype: DType | None = None) -> Tensor:
    """Return exp(x) divided by its sum along `dim`.

    Args:
        input: any shape.
        dim: the dimension; omitting it is deprecated.
        dtype: convert `input` to this type first.

    Raises:
        IndexError: there is no such dimension.
        NotImplementedError: the input is not floating-point.
    """
    input, dim = _along("softmax", input, dim, dtype)
    return input.softmax(dim)


def log_softmax(input: Tensor, dim: int | None = None, *, dtype: DType | None = None) -> Tensor:
    """Return the logarithm of the softmax along `dim`, computed without overflow.

    Args:
        input: any shape.
        dim: the dimension; omitting it is deprecated.
        dtype: convert `input` to this type first.

    Raises:
        IndexError: there is no such dimension.
        NotImplementedError: the input is not floating-point.
    """
    input, dim = _along("log_softmax", input, dim, dtype)
    return input.log_softmax(dim)
