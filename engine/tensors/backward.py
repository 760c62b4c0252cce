"""From tensors to a backward pass over the tape, and back."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnkit.recording import note_obstacle
from nnkit.tape import Edge, walk_backward
from nnkit.tensors.base import TensorBase
from nnkit.tensors.modes import enable_grad
from nnkit.tensors.recorded import RecordedArray

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor

Tensors = Any  # a tensor, or several

REFERENCE_CYCLE = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient "
    "which can cause a memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you "
    "have to use this function, make sure to reset the .grad fields of your parameters to None after use to break the "
    "cycle and avoid the leak."
)
ONLY_INPUTS = (
    "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for other parts "
    "of the graph, please use torch.autograd.backward."
)


def _several(tensors: Tensors) -> tuple[Any, ...]:
    return (tensors,) if isinstance(tensors, TensorBase) else tuple(tensors)


def _chosen(inputs: Tensors, caller: str) -> tuple[Any, ...]:
    """Return the tensors that gradients are asked for.

    Raises:
        TypeError: they are in a mapping that is no dict.
        RuntimeError: there are none.
    """
    if isinstance(inputs, Mapping) and type(inputs) is not dict:
        raise TypeError(
            f"`inputs` argument to `{caller}()` must be a dict, not {type(inputs).__name__}. Other Mapping types are "
            "not supported."
        )
    chosen = tuple(inputs.values()) if isinstance(inputs, dict) else _several(inputs)
    if not chosen:
        raise RuntimeError(f"`inputs` argument to `{caller}()` cannot be empty.")
    for each in chosen:
        if not isinstance(each, TensorBase):
            raise RuntimeError(f"all inputs have to be Tensors or GradientEdges, but got {type(each).__name__}")
    return chosen


def _start(tensor: Tensor, gradient: Any, number: int) -> tuple[Edge, Tensor]:
    if gradient is not None and gradient.array.shape != tensor.array.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{number}] has a shape of {gradient.shape} and output[{number}] has a "
            f"shape of {tensor.shape}."
        )
    if gradient is None and tensor.requires_grad and tensor.array.size != 1:
        raise RuntimeError("grad can be implicitly created only for scalar outputs")
    if not tensor.requires_grad:
        raise RuntimeError(f"element {number} of tensors does not require grad and does not have a grad_fn")
    return tensor.edge(), tensor.detached(np.ones_like(tensor.array)) if gradient is None else gradient.to(tensor.dtype)


def _starts(tensors: tuple[Any, ...], weights: Any) -> list[tuple[Edge, Tensor]]:
    """Return where a backward pass starts, and with which gradients."""
    note_obstacle("gradients taken in the network")
    given: Sequence[Any] = (None,) * len(tensors) if weights is None else _several(weights)
    for gradient in given[: len(tensors)]:
        if gradient is not None and not isinstance(gradient, TensorBase):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}")
    if len(given) < len(tensors):
        raise RuntimeError(f"got {len(tensors)} tensors and {len(given)} gradients")
    return [_start(tensor, gradient, i) for i, (tensor, gradient) in enumerate(zip(tensors, given, strict=False))]


def _walked(
    starts: list[tuple[Edge, Tensor]],
    retain_graph: bool | None,
    create_graph: bool,
    wanted: list[Edge] | None,
    accumulate: bool = False,
) -> list[Any]:
    """Walk over the tape; where `create_graph` is set the gradients are on it themselves."""
    keep = create_graph if retain_graph is None else retain_graph
    if not create_graph:
        roots = [(edge, gradient.array) for edge, gradient in starts]
        return walk_backward(roots, retain_graph=keep, wanted=wanted, accumulate=accumulate)
    recorded: list[Any] = [(edge, RecordedArray(gradient)) for edge, gradient in starts]
    with enable_grad():
        return walk_backward(recorded, retain_graph=keep, wanted=wanted, accumulate=accumulate, recorded=True)


def backward(
    tensors: Tensors,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Add the gradients of tensors to the `.grad` of the leaves that they were made from.

    Args:
        tensors: a tensor, or several; the gradients of all of them are added up.
        grad_tensors: the gradient of something with respect to each tensor; None stands for 1 where the tensor is a
            single number.
        retain_graph: keep what is needed to do it again.
        create_graph: put the gradients on the tape, so that they can be differentiated themselves.
        grad_variables: the old name of `grad_tensors`.
        inputs: the tensors whose `.grad` is added to; all leaves if it is None.

    Raises:
        RuntimeError: the graph has been freed, a shape does not fit, or a tensor requires no gradient.
        NotImplementedError: a derivative is to be differentiated that cannot be.

    Example:
        >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> torch.autograd.backward([x.sum(), (x * x).sum()])
        >>> x.grad
        tensor([3., 5.])
    """
    if grad_variables is not None:
        warnings.warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning, stacklevel=2)
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. Please only "
                "use `grad_tensors`."
            )
        grad_tensors = grad_variables
    if create_graph:
        warnings.warn(REFERENCE_CYCLE, UserWarning, stacklevel=2)
    chosen = None if inputs is None else _chosen(inputs, "backward")
    starts = _starts(_several(tensors), grad_tensors)
    for each in chosen or ():
        each.retain_grad()
    wanted = None if chosen is None else [each.edge() for each in chosen]
    _walked(starts, retain_graph, create_graph, wanted, accumulate=True)


def grad(
    outputs: Tensors,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """Return the gradients of the outputs with respect to the inputs, and add nothing to any `.grad`.

    Args:
        outputs: a tensor, or several; the gradients of all of them are added up.
        inputs: a tensor, several, or a dict of them.
        grad_outputs: the gradient of something with respect to each output; None stands for 1 where the output is a
            single number.
        retain_graph: keep what is needed to do it again.
        create_graph: put the gradients on the tape, so that they can be differentiated themselves.
        only_inputs: deprecated, and ignored.
        allow_unused: return None for an input that the outputs do not depend on.
        is_grads_batched: has to be False.
        materialize_grads: return zeros for such an input.

    Returns:
        A tuple of gradients, one for each input, or a dict with the keys of `inputs`.

    Raises:
        RuntimeError: as `backward`, or an input is not part of the graph and `allow_unused` is not set.
        ValueError: `materialize_grads` is set and `allow_unused` is False.
        NotImplementedError: a derivative is to be differentiated that cannot be, or gradients are batched.

    Example:
        >>> x = torch.tensor(3.0, requires_grad=True)
        >>> torch.autograd.grad(x * x, x)
        (tensor(6.),)
    """
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    if is_grads_batched:
        raise NotImplementedError("is_grads_batched=True is not supported: call grad() once for each of the gradients")
    if not only_inputs:
        warnings.warn(ONLY_INPUTS, FutureWarning, stacklevel=2)
    chosen = _chosen(inputs, "grad")
    starts = _starts(_several(outputs), grad_outputs)
    for tensor in chosen:
        if not tensor.requires_grad:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    found = _walked(starts, retain_graph, create_graph, [tensor.edge() for tensor in chosen])
    results = _results(chosen, found, bool(allow_unused), materialize_grads, create_graph)
    return dict(zip(inputs, results, strict=True)) if isinstance(inputs, dict) else results


def _results(
    tensors: tuple[Any, ...], gradients: Sequence[Any], allow_unused: bool, materialize_grads: bool, create_graph: bool
) -> tuple[Tensor | None, ...]:
    """Return gradients as tensors, and what stands for those of tensors that were not used."""
    results: list[Tensor | None] = []
    for index, (tensor, gradient) in enumerate(zip(tensors, gradients, strict=True)):
        if gradient is not None:
            results.append(gradient.tensor if create_graph else tensor.detached(np.array(gradient)))
        elif materialize_grads:
            results.append(tensor.detached(np.zeros_like(tensor.array)).requires_grad_(create_graph))
        elif allow_unused:
            results.append(None)
        else:
            raise RuntimeError(
                f"The differentiated Tensor at index {index} appears to not have been used in the graph. Set "
                "allow_unused=True if this is the desired behavior."
            )
    return tuple(results)
