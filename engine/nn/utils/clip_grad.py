"""Gradients that are too long, made shorter."""

from __future__ import annotations

import types
import warnings
from collections.abc import Iterable

import numpy as np

from nnkit import ops
from nnkit.kernels import Backend, backend_for
from nnkit.kernels.layout import Array
from nnkit.tensors import Tensor, no_grad, tensor

Tensors = Tensor | Iterable[Tensor]


def _listed(tensors: Tensors) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters: Tensors) -> list[Tensor]:
    return [each.grad for each in _listed(parameters) if each.grad is not None]


def _norm(backend: Backend, array: Array, order: float) -> Array:
    return ops.Norm(backend, (False,)).forward(array, p=order)


def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """Return the norm of all elements of some tensors, as if they were one vector.

    Args:
        tensors: one tensor or several.
        norm_type: order of the norm, infinity included.
        error_if_nonfinite: raise where the norm is NaN or infinite.
        foreach: accepted and without effect.

    Raises:
        RuntimeError: the norm is not finite, and that is to be an error.

    Examples:
        >>> nn.utils.get_total_norm([torch.tensor([3.0]), torch.tensor([4.0])])
        tensor(5.)
    """
    order = float(norm_type)
    # On arrays: training does this in each step, where tensors around so few numbers would take several times as long.
    with np.errstate(all="ignore"):
        norms = [_norm(each.backend, each.array, order) for each in _listed(tensors)]
        total = Tensor.detached(_norm(backend_for("cpu"), np.stack(norms), order)) if norms else tensor(0.0)
    if error_if_nonfinite and not total.isfinite():
        raise RuntimeError(
            f"The total norm of order {order} for gradients from `parameters` is non-finite, so it cannot be clipped. "
            "To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )
    return total


def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Multiply all gradients by max_norm / (total_norm + 1e-6) where that is less than 1.

    Args:
        parameters: one parameter or several; those without a gradient are left out.
        max_norm: the norm that the gradients may have.
        total_norm: the norm that they have, as `get_total_norm` returns it.
        foreach: accepted and without effect.

    Examples:
        >>> weight = nn.Parameter(torch.ones(1))
        >>> weight.grad = torch.tensor([4.0])
        >>> nn.utils.clip_grads_with_norm_(weight, 1.0, torch.tensor(8.0))
        >>> weight.grad
        tensor([0.5000])
    """
    with no_grad():
        factor = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
        if factor.item() == 1:
            return
        for gradient in _gradients(parameters):
            gradient.mul_(factor)


def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Shorten all gradients by one factor so that their common norm is at most `max_norm`; return what it was.

    Args:
        parameters: one parameter or several; those without a gradient are left out.
        max_norm: the norm that the gradients may have.
        norm_type: order of the norm, infinity included.
        error_if_nonfinite: raise where the norm is NaN or infinite, which would make all gradients NaN or 0.
        foreach: accepted and without effect.

    Raises:
        RuntimeError: the norm is not finite, and that is to be an error.

    Source: Pascanu et al., "On the difficulty of training recurrent neural networks", 2013, algorithm 1.

    Examples:
        >>> weight = nn.Parameter(torch.ones(2))
        >>> weight.grad = torch.tensor([3.0, 4.0])
        >>> nn.utils.clip_grad_norm_([weight], max_norm=1.0)
        tensor(5.)
        >>> weight.grad
        tensor([0.6000, 0.8000])
    """
    listed = _listed(parameters)
    if not listed and isinstance(parameters, types.GeneratorType):
        warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=2)
    total = get_total_norm(_gradients(listed), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(listed, max_norm, total)
    return total


def clip_grad_norm(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Do as `clip_grad_norm_`, of which this is the old name.

    Examples:
        >>> import warnings
        >>> weight = nn.Parameter(torch.ones(2))
        >>> weight.grad = torch.tensor([3.0, 4.0])
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     nn.utils.clip_grad_norm([weight], 1.0)
        tensor(5.)
    """
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite)


def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Cut each element of all gradients to the range from -clip_value to clip_value.

    Args:
        parameters: one parameter or several; those without a gradient are left out.
        clip_value: what no element may exceed.
        foreach: accepted and without effect.

    Examples:
        >>> weight = nn.Parameter(torch.ones(3))
        >>> weight.grad = torch.tensor([-3.0, 0.5, 4.0])
        >>> nn.utils.clip_grad_value_(weight, 1.0)
        >>> weight.grad
        tensor([-1.0000,  0.5000,  1.0000])
    """
    with no_grad():
        for gradient in _gradients(parameters):
            gradient.clamp_(-float(clip_value), float(clip_value))
