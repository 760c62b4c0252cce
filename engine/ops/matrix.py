"""Matrix products."""

from __future__ import annotations

import numpy as np

from nnkit.dtypes import C_NAMES, of_array
from nnkit.kernels.backend import ThreeGradients
from nnkit.kernels.layout import Array
from nnkit.ops.operation import Gradients, N, Operation, sample
from nnkit.ops.shape import expanded_sizes


def check_same_type(first: Array, second: Array) -> None:
    """Raise PyTorch's RuntimeError unless the factors of a product have one type."""
    if first.dtype != second.dtype:
        raise RuntimeError(
            f"mat1 and mat2 must have the same dtype, but got {of_array(first).label} and {of_array(second).label}"
        )


def _wide(a: Array) -> Array:
    return a.astype(np.float32)


class MatrixProduct(Operation):
    """What the products of two matrices share: their checks, and kernels for floating types."""

    def check(self, a: Array, b: Array) -> None:
        """Raise PyTorch's RuntimeError unless a (N, I) and b (I, O) can be multiplied."""
        if a.ndim != 2:
            raise RuntimeError("self must be a matrix")
        if b.ndim != 2:
            raise RuntimeError("mat2 must be a matrix")
        if a.shape[1] != b.shape[0]:
            sizes = f"({a.shape[0]}x{a.shape[1]} and {b.shape[0]}x{b.shape[1]})"
            raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied {sizes}")

    def product(self, a: Array, b: Array, bias: Array | None) -> Array:
        """Return a b, plus the bias of each column."""
        if a.dtype == np.float16:
            # Added up in float32 and rounded once, as the instructions for such numbers do.
            return self.product(_wide(a), _wide(b), None if bias is None else _wide(bias)).astype(np.float16)
        if a.dtype.kind == "f":
            return self.backend.product(a, b, bias)
        product: Array = self.xp.matmul(a, b)
        return product if bias is None else product + bias

    def gradients(self, grad: Array, *, has_bias: bool) -> ThreeGradients:
        """Return the gradients of a, b and, if there is one, the bias of each column."""
        a, b = self.saved
        needs = (b is not None, a is not None, has_bias)
        if grad.dtype == np.float16:
            wide_a, wide_b = (None if each is None else _wide(each) for each in (a, b))
            found = self.backend.product_gradients(_wide(grad), wide_a, wide_b, needs)
            by_a, by_b, by_bias = (None if each is None else each.astype(np.float16) for each in found)
            return by_a, by_b, by_bias
        return self.backend.product_gradients(grad, a, b, needs)


class Mm(MatrixProduct):
    """a (N, I) times b (I, O)."""

    samples = [
        sample("x @ y", (N, 4), (4, 5)),
        sample("x @ y.t()", (N, 4), (5, 4)),
    ]
    saved_names = ("self", "mat2")

    def forward(self, a: Array, b: Array) -> Array:
        self.check(a, b)
        if a.dtype != b.dtype:
            kinds = f"{C_NAMES[of_array(a)]} != {C_NAMES[of_array(b)]}"
            raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {kinds}")
        self.save(a if self.needs_input_grad[1] else None, b if self.needs_input_grad[0] else None)
        return self.product(a, b, None)

    def backward(self, grad: Array) -> Gradients:
        return self.gradients(grad, has_bias=False)[:2]


class Addmm(MatrixProduct):
    """bias + a (N, I) times b (I, O): a linear layer, with b the transposed weight."""

    samples = [
        sample("t.addmm(y, x, z)", (N, 4), (5,), (4, 5)),
        sample("F.linear(x, y, z)", (N, 4), (5, 4), (5,)),
        sample("t.addmm(y, x, z, beta=0.5, alpha=-2)", (N, 4), (5,), (4, 5)),
    ]
    saved_names = ("self", "mat1", "mat2")

    def forward(self, bias: Array, a: Array, b: Array, *, beta: float = 1, alpha: float = 1) -> Array:
        check_same_type(a, b)
        check_same_type(a, bias)
        self.check(a, b)
        self.save(a if self.needs_input_grad[2] else None, b if self.needs_input_grad[1] else None)
        self.factors = beta, alpha
        self.is_by_column = bias.shape == b.shape[1:] and self.factors == (1, 1)
        if self.is_by_column:
            return self.product(a, b, bias)
        expanded_sizes(bias.shape, (a.shape[0], b.shape[1]))
        result: Array = self.product(a, b, None)
        if self.factors != (1, 1):
            return bias * bias.dtype.type(beta) + result * result.dtype.type(alpha)
        return result + bias

    def backward(self, grad: Array) -> Gradients:
        if self.factors != (1, 1):
            beta, alpha = (grad.dtype.type(factor) for factor in self.factors)
            by_a, by_b, _ = self.gradients(grad * alpha, has_bias=False)
            return grad * beta, by_a, by_b
        by_a, by_b, by_bias = self.gradients(grad, has_bias=self.is_by_column and self.needs_input_grad[0])
        return by_bias if self.is_by_column else grad, by_a, by_b


class Mv(Operation):
    """a (N, I) times the vector b (I)."""

    samples = [sample("x @ y", (N, 4), (4,))]
    saved_names = ("self", "vec")

    def forward(self, a: Array, b: Array) -> Array:
        if (a.ndim, b.ndim) != (2, 1):
            raise RuntimeError(f"vector + matrix @ vector expected, got 1, {a.ndim}, {b.ndim}")
        if a.shape[1] != b.shape[0]:
            raise RuntimeError(
                f"size mismatch, got input ({a.shape[0]}), mat ({a.shape[0]}x{a.shape[1]}), vec ({b.shape[0]})"
            )
        if a.dtype != b.dtype:
            kinds = f"{of_array(b).label}, {of_array(a).label}, and {of_array(b).label}"
            raise RuntimeError(f"addmv input tensors must have the same dtype, but got {kinds}")
        self.save(a if self.needs_input_grad[1] else None, b if self.needs_input_grad[0] else None)
        return self.xp.matmul(a, b)

    def backward(self, grad: Array) -> Gradients:
        a, b = self.saved
        return None if b is None else self.xp.outer(grad, b), None if a is None else self.xp.matmul(a.T, grad)


class Dot(Operation):
    """The scalar product of two vectors."""

    samples = [sample("x @ y", (N,), (N,))]
    saved_names = ("self", "tensor")

    def forward(self, a: Array, b: Array) -> Array:
        if (a.ndim, b.ndim) != (1, 1):
            raise RuntimeError(f"1D tensors expected, but got {a.ndim}D and {b.ndim}D tensors")
        if a.dtype != b.dtype:
            kinds = f"{of_array(a).label} and {of_array(b).label}"
            raise RuntimeError(f"dot : expected both vectors to have same dtype, but found {kinds}")
        if a.shape != b.shape:
            raise RuntimeError(
                f"inconsistent tensor size, expected tensor {list(a.shape)} and src {list(b.shape)} to have the same "
                f"number of elements, but got {a.size} and {b.size} elements respectively"
            )
        self.save(a if self.needs_input_grad[1] else None, b if self.needs_input_grad[0] else None)
        return self.xp.dot(a, b)

    def backward(self, grad: Array) -> Gradients:
        a, b = self.saved
        return None if b is None else grad * b, None if a is None else grad * a


class Bmm(Operation):
    """The products of pairs of matrices: a (B, N, I) times b (B, I, O)."""

    samples = [sample("t.bmm(x, y)", (N, 3, 4), (N, 4, 2))]
    saved_names = ("self", "mat2")

    def forward(self, a: Array, b: Array) -> Array:
        for name, factor in (("batch1", a), ("batch2", b)):
            if factor.ndim != 3:
                raise RuntimeError(f"{name} must be a 3D tensor")
        if (a.shape[0], a.shape[2]) != b.shape[:2]:
            raise RuntimeError(
                f"Expected size for first two dimensions of batch2 tensor to be: [{a.shape[0]}, {a.shape[2]}] but got: "
                f"[{b.shape[0]}, {b.shape[1]}]."
            )
        if a.dtype != b.dtype:
            raise RuntimeError(f"expected scalar type {of_array(a).label} but found {of_array(b).label}")
        self.save(a if self.needs_input_grad[1] else None, b if self.needs_input_grad[0] else None)
        return self.xp.matmul(a, b)

    def backward(self, grad: Array) -> Gradients:
        a, b = self.saved
        by_a = None if b is None else self.xp.matmul(grad, b.swapaxes(1, 2))
        by_b = None if a is None else self.xp.matmul(a.swapaxes(1, 2), grad)
        return by_a, by_b
