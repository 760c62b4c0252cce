"""The activations as functions; `nnkit.nn.functional` has them among its names.

Source: the arguments and the messages are those of PyTorch's `torch.nn.functional`.
"""

from __future__ import annotations

import warnings

from nnkit import ops
from nnkit.dtypes import dtype as DType
from nnkit.ops import Operation
from nnkit.tensors import Tensor
from nnkit.tensors.naming import require_tensor, typename


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return the greater of each element and 0; NaN stays NaN.

    Args:
        input: any shape.
        inplace: write the result over the input.

    Raises:
        RuntimeError: the input is boolean.

    Examples:
        >>> F.relu(torch.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """
    require_tensor("relu", "input", 1, input)
    return input.relu_() if inplace else input.relu()


def relu_(input: Tensor) -> Tensor:
    """Write the greater of each element and 0 over `input`, and return it.

    Examples:
        >>> x = torch.tensor([-1.0, 2.0])
        >>> F.relu_(x) is x
        True
        >>> x
        tensor([0., 2.])
    """
    require_tensor("relu_", "input", 1, input)
    return input.relu_()


def tanh(input: Tensor) -> Tensor:
    """Return the hyperbolic tangent of each element.

    Examples:
        >>> F.tanh(torch.tensor([0.0, 1.0]))
        tensor([0.0000, 0.7616])
    """
    return input.tanh()


def sigmoid(input: Tensor) -> Tensor:
    """Return 1 / (1 + exp(-x)) of each element, computed without overflow.

    Examples:
        >>> F.sigmoid(torch.tensor([0.0, 100.0]))
        tensor([0.5000, 1.0000])
    """
    return input.sigmoid()


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """Return each element, held between 0 and 6.

    Args:
        input: any shape.
        inplace: write the result over the input.

    Source: Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010, section 3.

    Examples:
        >>> F.relu6(torch.tensor([-1.0, 3.0, 8.0]))
        tensor([0., 3., 6.])
    """
    require_tensor("relu6", "input", 1, input)
    return _applied(ops.Hardtanh, input, inplace, min_val=0.0, max_val=6.0)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """Return each element, held between two bounds.

    Args:
        input: any shape.
        min_val: the least value.
        max_val: the greatest value.
        inplace: write the result over the input.

    Raises:
        ValueError: the bounds are the wrong way round.

    Examples:
        >>> F.hardtanh(torch.tensor([-2.0, 0.5, 2.0]))
        tensor([-1.0000,  0.5000,  1.0000])
    """
    require_tensor("hardtanh", "input", 1, input)
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    return _applied(ops.Hardtanh, input, inplace, min_val=min_val, max_val=max_val)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Return x where it is positive and a share of it elsewhere.

    Args:
        input: any shape.
        negative_slope: the share.
        inplace: write the result over the input.

    Raises:
        NotImplementedError: the input is not floating-point.

    Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013, equation 2.

    Examples:
        >>> F.leaky_relu(torch.tensor([-2.0, 2.0]), 0.1)
        tensor([-0.2000,  2.0000])
    """
    require_tensor("leaky_relu", "input", 1, input)
    _require_number("leaky_relu", "negative_slope", 2, negative_slope)
    operation = ops.LeakyReluInPlace if inplace else ops.LeakyRelu
    return _applied(operation, input, inplace, negative_slope=negative_slope)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """Return x where it is positive and a share of it elsewhere, which can be learned.

    Args:
        input: any shape, or (N, C, ...).
        weight: the share, one number or (C,).

    Raises:
        RuntimeError: there are not as many shares as channels, or types differ.
        NotImplementedError: the input is not floating-point.

    Source: He et al., "Delving deep into rectifiers: surpassing human-level performance on ImageNet classification",
    2015, equation 1.

    Examples:
        >>> F.prelu(torch.tensor([-2.0, 2.0]), torch.tensor([0.25]))
        tensor([-0.5000,  2.0000])
    """
    require_tensor("prelu", "input", 1, input)
    require_tensor("prelu", "weight", 2, weight)
    if input.dtype != weight.dtype:
        raise RuntimeError(f"prelu: Type promoting not supported. Got {input.dtype.label} and {weight.dtype.label}")
    shares, channels = weight.numel(), input.shape[1] if input.dim() > 1 else 1
    if shares != 1:
        if input.dim() == 0:
            raise RuntimeError("Not allow zero-dim input tensor.")
        if shares != channels:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {shares} and channel "
                f"size = {channels}."
            )
    if weight.dim() > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.dim()}")
    if input.dim() != weight.dim():
        weight = weight.view([shares if dim == 1 else 1 for dim in range(input.dim())])
    return input.apply(ops.PreluKernel, weight)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Return x where it is positive and alpha * (exp(x) - 1) elsewhere.

    Args:
        input: any shape.
        alpha: minus the limit of the result for very negative numbers.
        inplace: write the result over the input.

    Raises:
        NotImplementedError: the input is not floating-point.

    Source: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear units",
    2016, equation 6.

    Examples:
        >>> F.elu(torch.tensor([-1.0, 1.0]))
        tensor([-0.6321,  1.0000])
    """
    require_tensor("elu", "input", 1, input)
    _require_number("elu", "alpha", 2, alpha)
    return _applied(ops.EluInPlace if inplace else ops.Elu, input, inplace, alpha=alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return `elu` scaled so that layers keep a mean of 0 and a variance of 1.

    Args:
        input: any shape.
        inplace: write the result over the input.

    Raises:
        NotImplementedError: the input is not floating-point.

    Source: Klambauer et al., "Self-normalizing neural networks", 2017, equation 2.

    Examples:
        >>> F.selu(torch.tensor([-1.0, 1.0]))
        tensor([-1.1113,  1.0507])
    """
    require_tensor("selu", "input", 1, input)
    operation = ops.EluInPlace if inplace else ops.Elu
    return _applied(operation, input, inplace, alpha=1.6732632423543772, scale=1.0507009873554805)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """Return x times the probability that a normally distributed number is less.

    Args:
        input: any shape.
        approximate: "none", or "tanh" for an approximation with a hyperbolic tangent.

    Raises:
        NotImplementedError: the input is not floating-point.
        RuntimeError: there is no such approximation.

    Source: Hendrycks and Gimpel, "Gaussian error linear units", 2016, section 2.

    Examples:
        >>> F.gelu(torch.tensor([-1.0, 1.0]))
        tensor([-0.1587,  0.8413])
    """
    require_tensor("gelu", "input", 1, input)
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    return input.apply(ops.Gelu if approximate == "none" else ops.GeluTanh)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return x times its sigmoid.

    Args:
        input: any shape.
        inplace: write the result over the input.

    Raises:
        NotImplementedError: the input is not floating-point.

    Source: Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function approximation in
    reinforcement learning", 2018, equation 2.

    Examples:
        >>> F.silu(torch.tensor([-1.0, 1.0]))
        tensor([-0.2689,  0.7311])
    """
    require_tensor("silu", "input", 1, input)
    return _applied(ops.Silu, input, inplace)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """Return log(1 + exp(beta * x)) / beta, a smooth ReLU.

    Args:
        input: any shape.
        beta: how sharp its bend is.
        threshold: where beta * x is above it, the result is x itself.

    Raises:
        NotImplementedError: the input is not floating-point.

    Source: Dugas et al., "Incorporating second-order functional knowledge for better option pricing", 2001, section 2.

    Examples:
        >>> F.softplus(torch.tensor([-1.0, 1.0]))
        tensor([0.3133, 1.3133])
    """
    require_tensor("softplus", "input", 1, input)
    return input.apply(ops.Softplus, beta=beta, threshold=threshold)


def softsign(input: Tensor) -> Tensor:
    """Return x / (1 + |x|).

    Args:
        input: any shape.

    Raises:
        NotImplementedError: the input is of booleans.

    Source: Bergstra et al., "Quadratic polynomials learn better image features", 2009, section 2.

    Examples:
        >>> F.softsign(torch.tensor([-1.0, 3.0]))
        tensor([-0.5000,  0.7500])
    """
    return input / (input.abs() + 1)


def logsigmoid(input: Tensor) -> Tensor:
    """Return the logarithm of the sigmoid, computed without overflow.

    Raises:
        NotImplementedError: the input is not floating-point.

    Examples:
        >>> F.logsigmoid(torch.tensor([-100.0, 0.0]))
        tensor([-100.0000,   -0.6931])
    """
    require_tensor("log_sigmoid", "input", 1, input)
    return input.apply(ops.LogSigmoid)


def _applied(operation: type[Operation], input: Tensor, inplace: bool, **options: float) -> Tensor:
    return input.apply_in_place(operation, **options) if inplace else input.apply(operation, **options)


def _require_number(function: str, argument: str, position: int, value: object) -> None:
    if not isinstance(value, int | float | Tensor):
        raise TypeError(
            f"{function}(): argument '{argument}' (position {position}) must be Number, not {typename(value)}"
        )


def _along(name: str, input: Tensor, dim: int | None, dtype: DType | None) -> tuple[Tensor, int]:
    """Return the input and the dimension of a softmax, as PyTorch makes them out of what was given and what was not."""
    if dim is None:
        warnings.warn(
            f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an "
            "argument.",
            stacklevel=3,
        )
        dim = 0 if input.dim() in (0, 1, 3) else 1
    if isinstance(dim, bool) or not hasattr(dim, "__index__"):
        called = "softmax" if name == "softmin" else name
        raise TypeError(f"{called}(): argument 'dim' (position 1) must be int, not {typename(type(dim))}")
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

    Examples:
        >>> F.softmax(torch.tensor([0.0, 0.0, 100.0]), dim=0)
        tensor([3.7835e-44, 3.7835e-44, 1.0000e+00])
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

    Examples:
        >>> F.log_softmax(torch.tensor([0.0, 0.0]), dim=0)
        tensor([-0.6931, -0.6931])
    """
    input, dim = _along("log_softmax", input, dim, dtype)
    return input.log_softmax(dim)


def softmin(input: Tensor, dim: int | None = None, *, dtype: DType | None = None) -> Tensor:
    """Return exp(-x) divided by its sum along `dim`.

    Args:
        input: any shape.
        dim: the dimension; omitting it is deprecated.
        dtype: convert -x to this type first.

    Raises:
        IndexError: there is no such dimension.
        NotImplementedError: the input is not floating-point.

    Examples:
        >>> F.softmin(torch.tensor([0.0, 1.0]), dim=0)
        tensor([0.7311, 0.2689])
    """
    input, dim = _along("softmin", input, dim, None)
    negated = -input
    return (negated if dtype is None else negated.to(dtype)).softmax(dim)
