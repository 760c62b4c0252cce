"""What every operation has: a forward calculation on arrays, and the gradients that go with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from nnkit.dtypes import Scalar, common_type
from nnkit.kernels import Backend
from nnkit.kernels.layout import Array

Operand = Array | Scalar
Gradients = Array | None | tuple[Array | None, ...]

FREED = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
    "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
    "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access saved "
    "tensors after calling backward."
)


# In the shape of a sample: as many as there are, among others none and one.
N = -1


class Sample(NamedTuple):
    """A use of an operation, in words that hold here and in PyTorch.

    The program's last expression is the result. It may name its inputs x, y, z and w, the package t, and its
    functional layers F. Shapes are those of the inputs, with `N` where any size will do; their elements are
    different numbers between `low` and `high`.
    """

    program: str
    shapes: tuple[tuple[int, ...], ...]
    low: float
    high: float


def sample(program: str, *shapes: tuple[int, ...], low: float = -2.0, high: float = 2.0) -> Sample:
    """Return a sample of an operation, for its `samples`."""
    return Sample(program, shapes, low, high)


class Operation:
    """One application of a differentiable function; subclasses say what it computes and how it differentiates.

    `forward` takes arrays (and Python numbers where it says so) and options, and returns an array or a tuple
    of arrays. `backward` takes the gradient of each result and returns the gradient of each input, in a shape
    that the input was broadcast to; summing back to the input's shape and type is done once, by the tape.
    An instance is one call: what `backward` needs is kept with `save` or as attributes.
    """

    # Uses of it. Whatever compares it with something (PyTorch, small differences, the plan) tries all of them.
    samples: ClassVar[list[Sample]] = []
    # The name of its node on the tape: PyTorch's name, which is the class name and a number.
    overload: ClassVar[int] = 0
    node_name: ClassVar[str] = ""
    # The operands after the first where they were Python numbers, as arrays.
    numbers: Sequence[Array] = ()
    # PyTorch's names of the inputs, under which the node shows those that were saved.
    saved_names: ClassVar[tuple[str, ...]] = ("self", "other")
    # The inputs that can have gradients, and so edges on the tape: all but masks, conditions and class numbers.
    differentiable: ClassVar[slice] = slice(None)
    # Whether the result shares the memory of the first input.
    is_view: ClassVar[bool] = False

    def __init__(self, backend: Backend, needs_input_grad: tuple[bool, ...]) -> None:
        self.backend = backend
        self.xp: Any = backend.xp
        self.needs_input_grad = needs_input_grad
        self._saved: tuple[Any, ...] | None = ()

    def __init_subclass__(cls) -> None:
        if "node_name" not in cls.__dict__:
            cls.node_name = f"{cls.__name__}Backward{cls.overload}"

    def forward(self, *inputs: Any, **options: Any) -> Array | tuple[Array, ...]:
        """Return the result."""
        raise NotImplementedError

    def backward(self, *grads: Any) -> Gradients:
        """Return the gradient of each differentiable input."""
        raise NotImplementedError

    def save(self, *arrays: Any) -> None:
        """Keep arrays for `backward`, until the graph is freed."""
        self._saved = arrays

    @property
    def saved(self) -> tuple[Any, ...]:
        """What was kept with `save`.

        Raises:
            RuntimeError: a backward pass has freed it.
        """
        if self._saved is None:
            raise RuntimeError(FREED)
        return self._saved

    def kept(self) -> tuple[Array, ...]:
        """Return all arrays that wait for `backward`, with `save` or as attributes; fewer once some are freed."""
        attributes = (value for name, value in vars(self).items() if name != "_saved")
        return tuple(each for each in (*(self._saved or ()), *attributes) if isinstance(each, np.ndarray))

    def free(self) -> None:
        """Let go of what was kept; an operation that kept nothing can still be walked through again."""
        if self._saved:
            self._saved = None

    def together(self, *operands: Operand) -> list[Array]:
        """Return the operands in the type that they are combined in."""
        first = operands[0]
        if not isinstance(first, Scalar) and first.ndim:
            kind = first.dtype
            if all(not isinstance(each, Scalar) and each.dtype == kind for each in operands):
                return list(operands)  # type: ignore[arg-type]
        common = common_type(operands)
        arrays = [self.xp.asarray(each).astype(common, copy=False) for each in operands]
        if isinstance(operands[-1], Scalar):
            self.numbers = arrays[1:]
        return arrays


def operations() -> list[type[Operation]]:
    """Return all operations that have been declared; what only others are made from has no samples, and is none."""
    waiting, found = [Operation], []
    while waiting:
        operation = waiting.pop()
        waiting += operation.__subclasses__()
        if "samples" in vars(operation) and operation is not Operation:
            found.append(operation)
    return sorted(found, key=lambda each: each.__name__)


def wrap_dim(dim: int, ndim: int) -> int:
    """Return `dim` counted from the front.

    Raises:
        IndexError: the tensor has no such dimension.
    """
    span = max(ndim, 1)
    if not -span <= dim < span:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-span}, {span - 1}], but got {dim})")
    return dim % span


def wrap_dims(dims: int | Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    """Return the dimensions counted from the front; None or an empty list means all.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: one is named twice.
    """
    if dims is None:
        return tuple(range(ndim))
    wrapped = [wrap_dim(dim, ndim) for dim in ([dims] if isinstance(dims, int) else dims)]
    if not wrapped:
        return tuple(range(ndim))
    for dim in wrapped:
        if wrapped.count(dim) > 1:
            raise RuntimeError(f"dim {dim} appears multiple times in the list of dims")
    return tuple(wrapped) if ndim else ()


def broadcast_shapes(first: Sequence[int], second: Sequence[int]) -> tuple[int, ...]:
    """Return the shape that two shapes are broadcast to.

    Raises:
        RuntimeError: two sizes differ and neither is 1.
    """
    if not first or not second:
        return tuple(first or second)
    ndim = max(len(first), len(second))
    wide, other = ((1,) * (ndim - len(shape)) + tuple(shape) for shape in (first, second))
    for position in reversed(range(ndim)):
        a, b = wide[position], other[position]
        if a != b and 1 not in (a, b):
            raise RuntimeError(
                f"The size of tensor a ({a}) must match the size of tensor b ({b}) at non-singleton dimension "
                f"{position}"
            )
    return tuple(b if a == 1 else a for a, b in zip(wide, other, strict=True))


def check_broadcast(operands: Iterable[Operand]) -> None:
    """Raise PyTorch's RuntimeError unless the operands can be broadcast together."""
    shape: tuple[int, ...] | None = None
    for operand in operands:
        if isinstance(operand, np.ndarray):
            if shape is None or shape == operand.shape:
                shape = operand.shape
            else:
                shape = broadcast_shapes(shape, operand.shape)


def sign(xp: Any, a: Array) -> Array:
    """Return -1, 0 or 1 for each element, and 0 for NaN, which NumPy would leave NaN."""
    signs: Array = xp.subtract(a > 0, a < 0, dtype=a.dtype)
    return signs


def sum_to(xp: Any, grad: Array, shape: tuple[int, ...]) -> Array:
    """Return the gradient of an array of `shape` from that of what it was broadcast to."""
    if grad.shape == shape:
        return grad
    extra = grad.ndim - len(shape)
    stretched = [extra + i for i, size in enumerate(shape) if size == 1 and grad.shape[extra + i] != 1]
    summed: Array = xp.sum(grad, axis=(*range(extra), *stretched), keepdims=True)
    return summed.reshape(shape)
