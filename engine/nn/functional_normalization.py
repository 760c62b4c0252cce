"""Normalization as functions.

Source: the arguments and the messages are those of PyTorch's `torch.nn.functional`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from nnkit import ops
from nnkit.dtypes import float32
from nnkit.tensors import Tensor, apply
from nnkit.tensors.naming import integers, require_tensor, typename

# What an input is normalized with, in the order in which PyTorch looks at it.
_PARTS = ("running_mean", "running_var", "weight", "bias")


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Take away the mean of each channel and divide by its standard deviation, then scale and shift.

    Args:
        input: x, (N, C, ...).
        running_mean: (C,), moved towards the mean of the batch in training, and used in its place otherwise.
        running_var: (C,), likewise for the variance, which is then the unbiased one.
        weight: what the result is multiplied by, (C,).
        bias: what is added then, (C,).
        training: whether mean and variance are those of the batch.
        momentum: the share that a batch has in the running statistics.
        eps: added to the variance.

    Returns:
        A tensor of the input's shape.

    Raises:
        ValueError: in training, one value for each channel, or an eps that is not positive.
        RuntimeError: shapes or dtypes do not fit.

    Source: Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
    shift", 2015, algorithm 1.

    Examples:
        >>> F.batch_norm(torch.tensor([[1.0], [3.0]]), None, None, training=True)
        tensor([[-1.0000],
                [ 1.0000]])
    """
    require_tensor("batch_norm", "input", 1, input)
    _require_float("batch_norm", "momentum", 7, momentum)
    return followed_batch_norm(input, (running_mean, running_var, None), (weight, bias), training, momentum, eps)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Take away the mean over the last dimensions and divide by the standard deviation, then scale and shift.

    Args:
        input: x, (..., *normalized_shape).
        normalized_shape: the sizes of the last dimensions.
        weight: what the result is multiplied by, of this shape.
        bias: what is added then, of this shape.
        eps: added to the variance.

    Returns:
        A tensor of the input's shape.

    Raises:
        RuntimeError: shapes or dtypes do not fit.
        NotImplementedError: the input is not floating-point.

    Source: Ba, Kiros and Hinton, "Layer normalization", 2016, equation 4.

    Examples:
        >>> F.layer_norm(torch.tensor([[1.0, 3.0], [5.0, 5.0]]), (2,))
        tensor([[-1.0000,  1.0000],
                [ 0.0000,  0.0000]])
    """
    require_tensor("layer_norm", "input", 1, input)
    if not isinstance(normalized_shape, Sequence) or isinstance(normalized_shape, str):
        kind = typename(type(normalized_shape))
        raise TypeError(f"layer_norm(): argument 'normalized_shape' (position 2) must be tuple of ints, not {kind}")
    sizes = integers("layer_norm(): argument 'normalized_shape' (position 2)", normalized_shape)
    affine = {"weight": weight, "bias": bias}
    for position, (name, part) in enumerate(affine.items(), start=3):
        if part is not None:
            require_tensor("layer_norm", name, position, part)
    _require_float("layer_norm", "eps", 5, eps)
    _check_layer(input, sizes, affine)
    mixed = _mixed(input, weight, bias)
    if mixed is not None:
        raise mixed
    return apply(ops.NativeLayerNorm, input, weight, bias, dims=len(sizes), eps=eps)


def followed_batch_norm(
    input: Tensor,
    running: tuple[Tensor | None, Tensor | None, Tensor | None],
    affine: tuple[Tensor | None, Tensor | None],
    training: bool,
    momentum: float | None,
    eps: float,
) -> Tensor:
    """Return `batch_norm`; the last of the running tensors counts the batches, and gives the share without momentum."""
    *statistics, steps = running
    refusal: Exception | None = _unfit(input, eps, training)
    if refusal is None and input.numel():
        refusal = _misfit(input, dict(zip(_PARTS, (*statistics, *affine), strict=True)), training)
    if refusal is not None or input.numel() == 0:
        if training and steps is not None:
            # PyTorch counts also what it refuses.
            steps.add_(1)
        if refusal is not None:
            raise refusal
        return _of_nothing(input, *affine)
    options = {"training": training, "momentum": momentum, "eps": eps}
    try:
        result = apply(ops.NativeBatchNorm, input, *affine, *running, **options)
    except TypeError:
        if momentum is not None:
            _require_float("batch_norm", "momentum", 7, momentum)
        _require_float("batch_norm", "eps", 8, eps)
        raise
    if training and steps is not None:
        steps.version.value += 1
    return result


def _require_float(function: str, argument: str, position: int, value: object) -> None:
    if not isinstance(value, int | float):
        raise TypeError(
            f"{function}(): argument '{argument}' (position {position}) must be float, not {typename(type(value))}"
        )


def _unfit(input: Tensor, eps: float, training: bool) -> ValueError | None:
    """Return PyTorch's error about an input without a variance, or one that can be 0 or less."""
    if not training:
        return ValueError(f"batch_norm eps must be non-negative, but got {eps}") if eps < 0.0 else None
    if math.prod(input.array.shape[:1] + input.array.shape[2:]) == 1:
        return ValueError(f"Expected more than 1 value per channel when training, got input size {input.shape}")
    # PyTorch asks in this way, which is told where `eps` is no number.
    return ValueError(f"batch_norm eps must be positive during training, but got {eps}") if eps <= 0.0 else None


def _misfit(input: Tensor, parts: dict[str, Tensor | None], training: bool) -> Exception | None:
    """Return PyTorch's error about shapes or types that do not fit each other, or None."""
    channels = input.array.shape[1] if input.dim() > 1 else 0
    for name, part in parts.items():
        if part is None:
            if not training and name in _PARTS[:2]:
                return RuntimeError(f"{name} must be defined in evaluation mode")
        elif part.numel() != channels:
            return RuntimeError(f"{name} should contain {channels} elements not {part.numel()}")
        elif name in _PARTS[:2] and part.dim() != 1:
            return RuntimeError(f"TensorAccessor expected 1 dims but tensor has {part.dim()}")
        elif name in _PARTS[:2] and part.requires_grad:
            return RuntimeError(
                f"The function 'native_batch_norm' is not differentiable with respect to argument '{name}'. This input "
                "cannot have requires_grad True."
            )
    if (parts["running_mean"] is None) != (parts["running_var"] is None):
        return ValueError("running_mean and running_var must either both be None or neither be None")
    if not input.is_floating_point():
        return NotImplementedError(f"\"batch_norm\" not implemented for '{input.dtype.label}'")
    return _mixed(input, *parts.values())


def _check_layer(input: Tensor, sizes: list[int], affine: dict[str, Tensor | None]) -> None:
    """Raise PyTorch's error about shapes that do not fit each other, or an input that is not floating-point."""
    if not sizes:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
            "normalized_shape = []"
        )
    for name, part in affine.items():
        if part is not None and list(part.shape) != sizes:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape {list(part.shape)} "
                f"and normalized_shape = {sizes}"
            )
    if list(input.shape[-len(sizes) :]) != sizes:
        raise RuntimeError(
            f"Given normalized_shape={sizes}, expected input with shape [*, {', '.join(map(str, sizes))}], but got "
            f"input of size{list(input.shape)}"
        )
    if not input.is_floating_point():
        raise NotImplementedError(f"\"LayerNormKernelImpl\" not implemented for '{input.dtype.label}'")


def _mixed(input: Tensor, *parts: Tensor | None) -> RuntimeError | None:
    """Return PyTorch's error about types that differ, or None."""
    kinds = {part.dtype for part in parts if part is not None}
    if kinds - {input.dtype}:
        shared = "all inputs must share same datatype."
        expected = shared if kinds == {float32} else "expect parameter to have scalar type of Float"
        return RuntimeError(f"mixed dtype (CPU): {expected}")
    return None


def _of_nothing(input: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """Return a tensor without elements that gives the parameters the gradient 0."""
    if weight is not None and not weight.numel():
        raise IndexError("select(): index 0 out of range for tensor of size [0] at dimension 0")
    result = input.clone()
    if weight is not None:
        result = result * weight[0]
    return result if bias is None else result + bias[0]
