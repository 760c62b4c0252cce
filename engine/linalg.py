"""Linear algebra; the names are those of `torch.linalg`."""

from __future__ import annotations

from collections.abc import Sequence

from nnkit.tensors import Tensor


def vector_norm(x: Tensor, ord: float = 2, dim: int | Sequence[int] | None = None, keepdim: bool = False) -> Tensor:
    """Return the vector norm of all elements or along dimensions.

    Args:
        x: any shape.
        ord: the order, also infinite.
        dim: a dimension or several; all where it is omitted.
        keepdim: keep them with size 1.

    Raises:
        RuntimeError: the elements are not floating-point.

    Examples:
        >>> torch.linalg.vector_norm(torch.tensor([3.0, 4.0]))
        tensor(5.)
    """
    return x.norm(ord, dim, keepdim)


def norm(
    A: Tensor,  # noqa: N803 (PyTorch's name)
    ord: float | None = None,
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
) -> Tensor:
    """Return the vector norm of all elements or along dimensions; norms of matrices are not here.

    Args:
        A: any shape; one dimension where an order is given and no `dim`.
        ord: the order, 2 where it is omitted.
        dim: a dimension or several; all where it is omitted.
        keepdim: keep them with size 1.

    Raises:
        RuntimeError: the elements are not floating-point.
        NotImplementedError: it would be the norm of a matrix.

    Examples:
        >>> torch.linalg.norm(torch.tensor([[3.0, 4.0]]))
        tensor(5.)
    """
    over = A.dim() if dim is None else 1 if isinstance(dim, int) else len(dim)
    if ord is not None and over == 2:
        raise NotImplementedError(f"the norm of order {ord} of a matrix; vector_norm() has that of its elements")
    return A.norm(2 if ord is None else ord, dim, keepdim)
