"""All parameters of a network as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from nnkit.tensors import Tensor, cat
from nnkit.tensors.naming import typename


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Return the elements of all parameters one after the other.

    Raises:
        ValueError: there are none.
        RuntimeError: the memory of a parameter is in another order than its elements.

    Examples:
        >>> nn.utils.parameters_to_vector(nn.Linear(4, 2).parameters()).shape
        torch.Size([10])
    """
    return cat([each.view(-1) for each in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Let each parameter have the elements that `parameters_to_vector` would read from it; they share memory.

    Raises:
        TypeError: `vec` is not a tensor.
        RuntimeError: it is too short.

    Examples:
        >>> layer = nn.Linear(2, 1)
        >>> nn.utils.vector_to_parameters(torch.arange(3.0), layer.parameters())
        >>> layer.weight.tolist(), layer.bias.tolist()
        ([[0.0, 1.0]], [2.0])
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {typename(vec)}")
    first = 0
    for parameter in parameters:
        last = first + parameter.numel()
        parameter.data = vec[first:last].view_as(parameter).data
        first = last
