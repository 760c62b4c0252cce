"""Passes over memory that NumPy has no fast loop for."""

from __future__ import annotations

from nnkit.kernels.cpu.compiler import parallel_kernel, prange

# Elements that one task works through: a share of the first-level cache.
TASK = 4096


@parallel_kernel
def relu_gradient(grad, result, out):
    """Write to `out` the gradient where the result of a ReLU is not 0, and 0 elsewhere; all are flat.

    A NaN is not 0 and keeps its gradient, as in PyTorch.
    """
    zero = grad.dtype.type(0)
    for task in prange((grad.size + TASK - 1) // TASK):
        # Slices, because an index that begins at 0 is known not to be negative, and the loop becomes vectors.
        share = slice(task * TASK, (task + 1) * TASK)
        values, chosen, target = grad[share], result[share], out[share]
        for i in range(values.size):
            value = values[i]  # loaded in any case, so that the choice is a selection and no branch
            target[i] = value if chosen[i] != zero else zero
