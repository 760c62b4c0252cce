"""Fill tensors with their starting values.

Every function works in place, outside the tape, with PyTorch's sequence of random numbers: after the same
`manual_seed` it gives the same values.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import ParamSpec

from nnkit.nn.init_matrix import dirac_, eye_, orthogonal_, sparse_
from nnkit.random import Generator
from nnkit.tensors import Tensor, empty_like, no_grad, ones_like, where

_GAINS = {
    "linear": 1,
    "conv1d": 1,
    "conv2d": 1,
    "conv3d": 1,
    "conv_transpose1d": 1,
    "conv_transpose2d": 1,
    "conv_transpose3d": 1,
    "sigmoid": 1,
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 0.75,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return the factor that keeps the variance of a layer's outputs that of its inputs.

    Args:
        nonlinearity: what follows the layer, such as "relu", "tanh", "leaky_relu" or "linear".
        param: the negative slope of "leaky_relu", 0.01 by default.

    Raises:
        ValueError: the name is unknown, or the slope is not a number.

    Examples:
        >>> nn.init.calculate_gain("leaky_relu", 0.2)
        1.3867504905630728
    """
    if nonlinearity in _GAINS:
        return _GAINS[nonlinearity]
    if nonlinearity != "leaky_relu":
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    if param is None:
        param = 0.01
    elif isinstance(param, bool) or not isinstance(param, (int, float)):
        raise ValueError(f"negative_slope {param} not a valid number")
    return math.sqrt(2.0 / (1 + param**2))


def _fans(tensor: Tensor) -> tuple[int, int]:
    """Return how many inputs each output has, and how many outputs each input has."""
    if tensor.dim() < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    outputs, inputs, *kernel = tensor.shape
    taps = math.prod(kernel)
    return inputs * taps, outputs * taps


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with numbers drawn evenly between `a` and `b`.

    Raises:
        RuntimeError: `a` is greater than `b`.

    Examples:
        >>> _ = torch.manual_seed(0)
        >>> nn.init.uniform_(torch.empty(2), -1, 1)
        tensor([-0.0075,  0.5364])
    """
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normally distributed numbers.

    Raises:
        RuntimeError: `std` is negative.

    Examples:
        >>> _ = torch.manual_seed(0)
        >>> nn.init.normal_(torch.empty(2), mean=10)
        tensor([11.5410,  9.7066])
    """
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one number.

    Examples:
        >>> nn.init.constant_(torch.empty(2), 3)
        tensor([3., 3.])
    """
    with no_grad():
        return tensor.fill_(val)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with 0.

    Examples:
        >>> nn.init.zeros_(torch.empty(2))
        tensor([0., 0.])
    """
    with no_grad():
        return tensor.zero_()


def ones_(tensor: Tensor) -> Tensor:
    """Fill with 1.

    Examples:
        >>> nn.init.ones_(torch.empty(2))
        tensor([1., 1.])
    """
    return constant_(tensor, 1.0)


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill evenly within +-gain * sqrt(6 / (fan_in + fan_out)).

    Raises:
        ValueError: the tensor has fewer than two dimensions.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    2010, equation 16.

    Examples:
        >>> bool((nn.init.xavier_uniform_(torch.empty(3, 3)).abs() <= 1).all())
        True
    """
    fan_in, fan_out = _fans(tensor)
    bound = math.sqrt(3.0) * gain * math.sqrt(2.0 / float(fan_in + fan_out))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with the standard deviation gain * sqrt(2 / (fan_in + fan_out)).

    Raises:
        ValueError: the tensor has fewer than two dimensions.

    Source: Glorot and Bengio, 2010, equation 12.

    Examples:
        >>> round(nn.init.xavier_normal_(torch.empty(200, 200)).std().item(), 2)
        0.07
    """
    fan_in, fan_out = _fans(tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / float(fan_in + fan_out)), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    fan_in, fan_out = _fans(tensor)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan_in if mode == "fan_in" else fan_out)


def _nothing_to_fill(tensor: Tensor) -> bool:
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return True
    return False


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill evenly within +-gain * sqrt(3 / fan), where gain is that of the nonlinearity.

    Args:
        tensor: a weight, (out_features, in_features) or (out_channels, in_channels, H, W).
        a: the negative slope of "leaky_relu".
        mode: "fan_in" keeps the variance of the forward pass, "fan_out" that of the backward pass.
        nonlinearity: what follows the layer.
        generator: source of random numbers, the global one when omitted.

    Raises:
        ValueError: unknown mode or nonlinearity, or a tensor with fewer than two dimensions.

    Source: He et al., "Delving deep into rectifiers", 2015, equation 15.

    Examples:
        >>> bool((nn.init.kaiming_uniform_(torch.empty(3, 6), nonlinearity="relu").abs() <= 1).all())
        True
    """
    if _nothing_to_fill(tensor):
        return tensor
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill with the standard deviation gain / sqrt(fan); arguments as for `kaiming_uniform_`.

    Raises:
        ValueError: unknown mode or nonlinearity, or a tensor with fewer than two dimensions.

    Source: He et al., 2015, equation 14.

    Examples:
        >>> round(nn.init.kaiming_normal_(torch.empty(200, 200), nonlinearity="relu").std().item(), 2)
        0.1
    """
    if _nothing_to_fill(tensor):
        return tensor
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with normally distributed numbers between `a` and `b`: those beyond are drawn again.

    Raises:
        ZeroDivisionError: `std` is 0.

    Source: the choice between the two ways of drawing is PyTorch's, and with it the numbers. Of the second, for
    limits that few normally distributed numbers keep: von Neumann, "Various techniques used in connection with
    random digits", 1951.

    Examples:
        >>> bool((nn.init.trunc_normal_(torch.empty(100), std=2).abs() <= 2).all())
        True
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. "
            "The distribution of values may be incorrect.",
            stacklevel=2,
        )
    low, high = (math.erf((limit - mean) / std / math.sqrt(2)) for limit in (a, b))
    with no_grad():
        if (high - low) / 2 > 0.3:
            tensor.normal_(mean, std, generator=generator)
            while (outside := (tensor < a) | (tensor > b)).any():
                again = empty_like(tensor).normal_(mean, std, generator=generator)
                tensor.copy_(where(outside, again, tensor))
            return tensor
        # Numbers drawn evenly are kept as often as the density there is high, compared with its peak.
        peak = ((max(a, min(mean, b)) - mean) / std) ** 2
        pending = ones_like(tensor) > 0
        while pending.any():
            drawn = empty_like(tensor).uniform_(a, b, generator=generator)
            tensor.copy_(where(pending, drawn, tensor))
            log_density = ((drawn - mean) / std) ** 2 * -0.5 + 0.5 * peak
            pending = pending & (empty_like(tensor).uniform_(generator=generator).log() > log_density)
    return tensor


def reset_affine(weight: Tensor, bias: Tensor | None) -> None:
    """Give the weight and bias of a linear or convolution layer PyTorch's starting values.

    Both are drawn evenly within +-1 / sqrt(fan_in), the weight first.

    Examples:
        >>> weight, bias = torch.empty(2, 4), torch.empty(2)
        >>> init.reset_affine(weight, bias)
        >>> bool((weight.abs() <= 0.5).all())
        True
    """
    # With this slope the gain is sqrt(1 / 3), and the bound of the weight 1 / sqrt(fan_in).
    kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        fan_in, _ = _fans(weight)
        bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
        uniform_(bias, -bound, bound)


Given = ParamSpec("Given")


def _deprecated(function: Callable[Given, Tensor]) -> Callable[Given, Tensor]:
    """Return a function under its old name, which had no underscore."""
    name = function.__name__
    old_name = name.removesuffix("_")

    @functools.wraps(function)
    def warned(*args: Given.args, **kwargs: Given.kwargs) -> Tensor:
        warnings.warn(
            f"`nn.init.{old_name}` is now deprecated in favor of `nn.init.{name}`.", FutureWarning, stacklevel=2
        )
        return function(*args, **kwargs)

    warned.__name__ = warned.__qualname__ = old_name
    return warned


uniform = _deprecated(uniform_)
normal = _deprecated(normal_)
constant = _deprecated(constant_)
eye = _deprecated(eye_)
dirac = _deprecated(dirac_)
xavier_uniform = _deprecated(xavier_uniform_)
xavier_normal = _deprecated(xavier_normal_)
kaiming_uniform = _deprecated(kaiming_uniform_)
kaiming_normal = _deprecated(kaiming_normal_)
orthogonal = _deprecated(orthogonal_)
sparse = _deprecated(sparse_)
