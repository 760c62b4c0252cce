"""A check of gradients by small differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.tape import walk_backward
from nnkit.tensors import Tensor, rand, zeros_like
from nnkit.tensors.backward import grad
from nnkit.tensors.size import Size

_Function = Callable[..., Any]

_NOTES = 'Please look at "Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"'
_NOT_DETERMINISTIC = """

NOTE: If your op relies on non-deterministic operations i.e., it is listed here:
https://pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html
this failure might be expected.

If you are adding a new operator, please file an issue and then use one of the
workarounds. The workaround depends on how your test invokes gradcheck/gradgradcheck.
If the test
- manually invokes gradcheck/gradgradcheck, then call gradcheck/gradgradcheck
  with `nondet_tol=<tol>` as a keyword argument.
- is OpInfo-based (e.g., in test_ops_gradients.py), then modify the OpInfo for the test
  to have `gradcheck_nondet_tol=<tol>`.
- is a Module test (e.g., in common_nn.py), then modify the corresponding
  module_test entry to have `gradcheck_nondet_tol=<tol>`
"""


class GradcheckError(RuntimeError):
    """The gradients of a function are not those that small changes of its inputs show.

    Examples:
        >>> class Wrong(torch.autograd.Function):
        ...     forward = staticmethod(lambda ctx, x: x * 2)
        ...     backward = staticmethod(lambda ctx, grad_output: grad_output * 3)
        >>> x = torch.ones(1, dtype=torch.float64, requires_grad=True)
        >>> torch.autograd.gradcheck(Wrong.apply, x)
        Traceback (most recent call last):
            ...
        nnkit.autograd.gradcheck.GradcheckError: Jacobian mismatch for output 0 with respect to input 0...
    """


def gradcheck(
    func: _Function,
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Compare the gradients of a function with central differences; meant for float64.

    Args:
        func: what is differentiated; it returns a tensor or several.
        inputs: its arguments; those that require a gradient are checked.
        eps: how far each element is moved to both sides.
        atol: what the gradients may differ.
        rtol: what they may differ in proportion to the difference quotient.
        raise_exception: False returns False where they differ.
        nondet_tol: what they may differ between two passes over the same graph.
        check_undefined_grad: whether to try results that get no gradient.
        check_grad_dtypes: for code that sets it: here gradients always have the type of their tensor.
        check_batched_grad: for code that sets it to False: there are no batched gradients.
        check_batched_forward_grad: likewise.
        check_forward_ad: likewise, there is no forward mode.
        check_backward_ad: has to be True.
        fast_mode: for code that sets it: the whole Jacobian is checked in any case.
        masked: for code that sets it: there are no sparse tensors.

    Raises:
        GradcheckError: they differ, and `raise_exception` is set.
        ValueError: no input requires a gradient.
        NotImplementedError: a check of forward mode or of batched gradients is asked for.

    Examples:
        >>> x = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
        >>> torch.autograd.gradcheck(torch.exp, x)
        True
    """
    _check_options(check_backward_ad, check_forward_ad, check_batched_grad, check_batched_forward_grad)
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    varied = _differentiable_inputs(given)
    try:
        _compare(func, given, varied, eps=eps, atol=atol, rtol=rtol, nondet_tol=nondet_tol)
        if check_undefined_grad:
            _check_without_gradients(func, given, varied)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: _Function,
    inputs: Tensor | Sequence[Any],
    grad_outputs: Tensor | Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Compare the gradients of a function's gradients with central differences; meant for float64.

    The options are those of `gradcheck`. `grad_outputs` are the gradients of the results that require one; by default
    they are drawn from [-1, 1), in memory that is not contiguous if `gen_non_contig_grad_outputs` is set. There is no
    forward mode for `check_fwd_over_rev`.

    Raises:
        GradcheckError: they differ, and `raise_exception` is set.
        NotImplementedError: the derivative of an operation cannot be differentiated, or as in `gradcheck`.

    Examples:
        >>> x = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
        >>> torch.autograd.gradgradcheck(torch.exp, x)
        True
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    if grad_outputs is None:
        outputs = [each for each in _results(func, given) if each.requires_grad]
        weights = tuple(_drawn(each, gen_non_contig_grad_outputs) for each in outputs)
    else:
        weights = (grad_outputs,) if isinstance(grad_outputs, Tensor) else tuple(grad_outputs)
    return gradcheck(
        _gradient_of(func, len(given)),
        (*given, *weights),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
        masked=masked,
    )


def _gradient_of(func: _Function, count: int) -> _Function:
    """Return what differentiates a function, given its `count` arguments and then the gradients of its results."""

    def gradients(*values: Any) -> tuple[Tensor, ...]:
        arguments, weights = values[:count], values[count:]
        outputs = [each for each in _results(func, arguments) if each.requires_grad]
        varied = [each for each in arguments if isinstance(each, Tensor) and each.requires_grad]
        found = grad(outputs, varied, weights, create_graph=True, allow_unused=True)
        return tuple(each for each in found if each is not None)

    return gradients


def _drawn(like: Tensor, scattered: bool) -> Tensor:
    """Return numbers from [-1, 1) in the shape and type of a result."""
    drawn = rand(*like.shape, 2 if scattered else 1, dtype=like.dtype) * 2 - 1
    return drawn[..., 0].detach().requires_grad_()


def _check_options(backward: bool, forward: bool, batched: bool, batched_forward: bool) -> None:
    if not (forward or backward):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if batched and not backward:
        raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if batched_forward and not forward:
        raise AssertionError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")
    if forward or batched:
        raise NotImplementedError("gradcheck checks gradients of backward passes, one at a time")


def _differentiable_inputs(inputs: tuple[Any, ...]) -> list[Tensor]:
    found = []
    for number, each in enumerate(inputs):
        if not (isinstance(each, Tensor) and each.requires_grad):
            continue
        if each.array.dtype != np.float64:
            warnings.warn(
                f"Input #{number} requires gradient and is not a double precision floating point or complex. This "
                "check will likely fail if all the inputs are not of double precision floating point or complex. ",
                UserWarning,
                stacklevel=3,
            )
        if any(step == 0 and size > 1 for step, size in zip(each.stride(), each.shape, strict=True)):
            raise RuntimeError(
                f"The {number}th input has a dimension with stride 0. gradcheck only supports inputs that are "
                "non-overlapping to be able to compute the numerical gradients correctly. You should call .contiguous "
                "on the input before passing it to gradcheck."
            )
        found.append(each)
    if not found:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    return found


def _results(func: _Function, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    results = func(*inputs)
    return tuple(results) if isinstance(results, tuple | list) else (results,)


def _compare(
    func: _Function,
    inputs: tuple[Any, ...],
    varied: list[Tensor],
    *,
    eps: float,
    atol: float,
    rtol: float,
    nondet_tol: float,
) -> None:
    """Raise a GradcheckError unless gradients and difference quotients agree, and a gradient of zero gives zeros."""
    results = _results(func, inputs)
    outputs = [each for each in results if each.requires_grad]
    numerical = [_numerical(func, inputs, each, eps) for each in varied]
    if not outputs and any(jacobian.any() for jacobians in numerical for jacobian in jacobians):
        raise GradcheckError("Numerical gradient for function expected to be zero")
    places = [place for place, each in enumerate(results) if each.requires_grad]
    for o, (output, place) in enumerate(zip(outputs, places, strict=True)):
        for i, jacobian in enumerate(_analytical(output, varied, nondet_tol)):
            expected = numerical[i][place].astype(varied[i].array.dtype)
            if not np.allclose(jacobian, expected, rtol=rtol, atol=atol):
                raise GradcheckError(
                    f"Jacobian mismatch for output {o} with respect to input {i},\n"
                    f"numerical:{Tensor.detached(expected)}\nanalytical:{Tensor.detached(jacobian)}\n"
                )
    zeros = [zeros_like(each) for each in outputs]
    for gradient in grad(outputs, varied, zeros, allow_unused=True):
        if gradient is not None and gradient.array.any():
            raise GradcheckError("backward not multiplied by grad_output")


def _numerical(func: _Function, inputs: tuple[Any, ...], varied: Tensor, eps: float) -> list[Array]:
    """Return for each result the Jacobian (elements of the input, elements of the result) by central differences."""
    rows: list[list[Array]] = []
    for position in np.ndindex(varied.array.shape):
        value = varied.array[position]
        sides = []
        for side in (value - eps, value + eps):
            varied.array[position] = side
            sides.append([each.array.copy() for each in _results(func, inputs)])
        varied.array[position] = value
        for below, above in zip(*sides, strict=True):
            if below.shape != above.shape:
                raise AssertionError(
                    "Expected `func` to return outputs with the same shape when inputs are perturbed on index "
                    f"{position} by {eps}, but got: shapes {Size(below.shape)} and {Size(above.shape)}."
                )
        quotients = [(above.astype(np.float64) - below) / (2 * eps) for below, above in zip(*sides, strict=True)]
        rows.append([quotient.reshape(-1) for quotient in quotients])
    if not rows:
        return [np.zeros((0, each.array.size)) for each in _results(func, inputs)]
    return [np.array(jacobian) for jacobian in zip(*rows, strict=True)]


def _analytical(output: Tensor, varied: list[Tensor], nondet_tol: float) -> list[Array]:
    """Return for each input the Jacobian (elements of the input, elements of the result) by backward passes."""
    first, again = (
        [
            np.array(columns, each.array.dtype).reshape(output.array.size, each.array.size).T
            for columns, each in zip(*both, strict=True)
        ]
        for both in ((_columns(output, varied), varied) for _ in range(2))
    )
    for one, other in zip(first, again, strict=True):
        if one.size and np.abs(one - other).max() > nondet_tol:
            raise GradcheckError(
                "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times "
                "gives different values, although analytical gradient matches numerical gradient.The tolerance for "
                f"nondeterminism was {nondet_tol}.{_NOT_DETERMINISTIC}"
            )
    return first


def _columns(output: Tensor, varied: list[Tensor]) -> list[list[Array]]:
    """Return for each input the gradients of the elements of a result."""
    columns: list[list[Array]] = [[] for _ in varied]
    for position in np.ndindex(output.array.shape):
        one = np.zeros_like(output.array)
        one[position] = 1
        gradients = grad(output, varied, Tensor.detached(one), retain_graph=True, allow_unused=True)
        for found, gradient, each in zip(columns, gradients, varied, strict=True):
            found.append(np.zeros_like(each.array) if gradient is None else gradient.array)
    return columns


def _check_without_gradients(func: _Function, inputs: tuple[Any, ...], varied: list[Tensor]) -> None:
    """Raise a GradcheckError unless results that get no gradient add nothing to the gradients of the inputs."""
    for unused in _unused_results(len([each for each in _results(func, inputs) if each.requires_grad])):
        outputs = [each for each in _results(func, inputs) if each.requires_grad]
        roots = [
            (each.edge(), None if number in unused else np.zeros_like(each.array))
            for number, each in enumerate(outputs)
        ]
        try:
            found = walk_backward(roots, retain_graph=False, wanted=[each.edge() for each in varied])
        except RuntimeError as error:
            raise _undefined("Expected backward function to handle undefined output grads.") from error
        if any(gradient is not None and gradient.any() for gradient in found):
            raise _undefined(
                "Expected all input grads to be undefined or zero when all output grads are undefined or zero."
            )


def _undefined(problem: str) -> GradcheckError:
    warnings.warn(
        "Backwards compatibility: New undefined gradient support checking feature is enabled by default, but it may "
        "break existing callers of this function. If this is true for you, you can call this function with "
        '"check_undefined_grad=False" to disable the feature',
        UserWarning,
        stacklevel=4,
    )
    return GradcheckError(f"{problem} {_NOTES}")


def _unused_results(count: int) -> Iterator[set[int]]:
    """Yield all results together, and then each alone if there are several."""
    yield set(range(count))
    if count > 1:
        yield from ({number} for number in range(count))
