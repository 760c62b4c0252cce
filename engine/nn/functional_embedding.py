"""Rows of a table, picked by their numbers.

Source: the arguments and the messages are those of PyTorch's `torch.nn.functional`.
"""

from __future__ import annotations

from nnkit import ops
from nnkit.dtypes import int32, int64
from nnkit.tensors import Tensor, apply, no_grad, where
from nnkit.tensors.naming import require_tensor, typename


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Return rows of a table.

    Args:
        input: numbers of rows, int64 or int32, of any shape.
        weight: the table, (rows, features).
        padding_idx: a row that gets no gradient.
        max_norm: rows that are picked and longer are made this long first, in the table itself.
        norm_type: the p of the p-norm that is their length.
        scale_grad_by_freq: whether gradients are divided by how often a row was picked.
        sparse: changes nothing; gradients are dense.

    Returns:
        A tensor of the input's shape and one more dimension, the features.

    Raises:
        IndexError: there is no such row.
        RuntimeError: the table is not two-dimensional, or the numbers are no integers.
        AssertionError: `padding_idx` is no row.

    Source: Bengio et al., "A neural probabilistic language model", 2003, section 2.

    Examples:
        >>> F.embedding(torch.tensor([[2, 0]]), torch.arange(6.0).view(3, 2))
        tensor([[[4., 5.],
                 [0., 1.]]])
    """
    padding = _row(padding_idx, weight)
    if max_norm is not None:
        _shorten(weight, input, max_norm, norm_type)
    require_tensor("embedding", "weight", 1, weight)
    require_tensor("embedding", "indices", 2, input)
    if not isinstance(padding, int):
        raise TypeError(f"embedding(): argument 'padding_idx' (position 3) must be int, not {typename(type(padding))}")
    if input.dtype not in (int32, int64):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"{'CPUBoolType' if input.dtype.label == 'Bool' else input.type()} instead (while checking arguments for "
            "embedding)"
        )
    return apply(ops.Embedding, weight, input, padding_idx=padding, scale_grad_by_freq=scale_grad_by_freq)


def _row(padding_idx: int | None, weight: Tensor) -> int:
    if padding_idx is None:
        return -1
    if (padding_idx > 0 and padding_idx >= weight.size(0)) or padding_idx < -weight.size(0):
        raise AssertionError("Padding_idx must be within num_embeddings")
    return padding_idx if padding_idx >= 0 else weight.size(0) + padding_idx


def _shorten(weight: Tensor, rows: Tensor, max_norm: float, norm_type: float) -> None:
    """Make those of the rows that are longer as long as they may be."""
    with no_grad():
        places = rows.reshape(-1).unique()
        picked = weight[places]
        # PyTorch takes each length as a number of Python's, and so in double precision.
        lengths = picked.norm(norm_type, dim=1, keepdim=True).double()
        shares = (max_norm / (lengths + 1e-7)).to(weight.dtype)
        weight[places] = where(lengths > max_norm, picked * shares, picked)
