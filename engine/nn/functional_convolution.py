"""Convolutions as functions; `nnkit.nn.functional` has them among its names.

Source: the arguments and the messages are those of PyTorch's `torch.nn.functional`.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from nnkit import ops
from nnkit.tensors import Tensor, apply
from nnkit.tensors.naming import integers, require_tensor, told_by_position, typename

Sizes = int | Sequence[int]


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: str | Sizes = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """Slide filters over sequences.

    Args:
        input: (N, C, L) or (C, L).
        weight: (filters, C / groups, kernel length).
        bias: (filters,).
        stride: step between positions.
        padding: zeros on both sides, "valid" or "same".
        dilation: distance between the taps of a filter.
        groups: parts of the channels that do not see each other.

    Returns:
        (N, filters, L') or (filters, L'), with L' = floor((L + 2 padding - dilation (kernel length - 1) - 1) / stride)
        + 1.

    Raises:
        RuntimeError: shapes, dtypes or options do not fit.

    Examples:
        >>> F.conv1d(torch.tensor([[1.0, 2.0, 4.0]]), torch.tensor([[[-1.0, 1.0]]]))
        tensor([[1., 2.]])
    """
    return _convolution("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: str | Sizes = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """Slide filters over images.

    Args:
        input: (N, C, H, W) or (C, H, W).
        weight: (filters, C / groups, kernel height, kernel width).
        bias: (filters,).
        stride: step between positions.
        padding: rows and columns of zeros on every side, "valid" or "same".
        dilation: distance between the taps of a filter.
        groups: parts of the channels that do not see each other.

    Returns:
        (N, filters, H', W') or (filters, H', W'); the sizes follow as in `conv1d`.

    Raises:
        RuntimeError: shapes, dtypes or options do not fit.

    Examples:
        >>> F.conv2d(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2))
        tensor([[[[4., 4.],
                  [4., 4.]]]])
    """
    return _convolution("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


@told_by_position
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """Add up a filter at each place of sequences, times the value there: what undoes the shape of a convolution.

    Args:
        input: (N, C, L) or (C, L).
        weight: (C, filters / groups, kernel length).
        bias: (filters,).
        stride: step between the filters in the result.
        padding: elements that are left out on both sides of the result.
        output_padding: elements that are added behind it, less than the stride or the dilation.
        groups: parts of the channels that do not see each other.
        dilation: distance between the taps of a filter.

    Returns:
        (N, filters, L') or (filters, L'), with L' = (L - 1) stride - 2 padding + dilation (kernel length - 1) +
        output_padding + 1.

    Raises:
        RuntimeError: shapes, dtypes or options do not fit.

    Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4.

    Examples:
        >>> F.conv_transpose1d(torch.tensor([[1.0, 3.0]]), torch.ones(1, 1, 2), stride=2)
        tensor([[1., 1., 3., 3.]])
    """
    options = (stride, padding, output_padding, groups, dilation)
    return _transposed_convolution("conv_transpose1d", 1, input, weight, bias, *options)


@told_by_position
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """Add up a filter at each place of images, times the value there: what undoes the shape of a convolution.

    Args:
        input: (N, C, H, W) or (C, H, W).
        weight: (C, filters / groups, kernel height, kernel width).
        bias: (filters,).
        stride: step between the filters in the result.
        padding: rows and columns that are left out on every side of the result.
        output_padding: rows and columns that are added below and to the right of it.
        groups: parts of the channels that do not see each other.
        dilation: distance between the taps of a filter.

    Returns:
        (N, filters, H', W') or (filters, H', W'); the sizes follow as in `conv_transpose1d`.

    Raises:
        RuntimeError: shapes, dtypes or options do not fit.

    Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4.

    Examples:
        >>> F.conv_transpose2d(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2, 2))
        tensor([[[[1., 2., 1.],
                  [2., 4., 2.],
                  [1., 2., 1.]]]])
    """
    options = (stride, padding, output_padding, groups, dilation)
    return _transposed_convolution("conv_transpose2d", 2, input, weight, bias, *options)


class _Call:
    """One call of a function with PyTorch's checks of what it was given, in their order.

    Args:
        function: its name.
        dims: 1 for sequences, 2 for images.
    """

    def __init__(
        self, function: str, dims: int, input: Tensor, weight: Tensor, bias: Tensor | None, groups: int
    ) -> None:
        self.function, self.dims = function, dims
        require_tensor(function, "input", 1, input)
        require_tensor(function, "weight", 2, weight)
        if bias is not None:
            require_tensor(function, "bias", 3, bias)
        if not hasattr(groups, "__index__"):
            raise TypeError(f"{function}(): argument 'groups' must be int, not {typename(groups)}")
        if input.dim() not in (dims + 1, dims + 2):
            raise RuntimeError(
                f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {function}, but got input of "
                f"size: {list(input.shape)}"
            )
        if weight.dim() < 3:
            raise RuntimeError("weight should have at least three dimensions")
        if groups <= 0:
            raise RuntimeError("non-positive groups is not supported")
        self.input, self.weight, self.bias, self.groups = input, weight, bias, groups

    def numbers(self, name: str, value: Sizes) -> tuple[int, ...]:
        """Return an option as one number for each dimension that the weight slides along."""
        given = integers(f"{self.function}(): argument '{name}'", value)
        numbers = given if isinstance(value, Sequence) else given * self.dims
        wanted = self.weight.dim() - 2
        if len(numbers) == 1:
            numbers = numbers * wanted
        if len(numbers) != wanted:
            raise RuntimeError(
                f"expected {name} to be a single integer value or a list of {wanted} values to match the convolution "
                f"dimensions, but got {name}={numbers}"
            )
        return tuple(numbers)

    def apply(self, operation: type[ops.Operation], **options: tuple[int, ...]) -> Tensor:
        """Return the result of an operation."""
        return apply(operation, self.input, self.weight, self.bias, groups=self.groups, **options)


def _convolution(
    function: str,
    dims: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: str | Sizes,
    dilation: Sizes,
    groups: int,
) -> Tensor:
    call = _Call(function, dims, input, weight, bias, groups)
    if input.dim() == dims + 1:
        batch = input.unsqueeze(0)
        return _convolution(function, dims, batch, weight, bias, stride, padding, dilation, groups).squeeze(0)
    steps, spacing = call.numbers("stride", stride), call.numbers("dilation", dilation)
    if not isinstance(padding, str):
        borders = call.numbers("padding", padding)
    elif padding == "valid":
        borders = call.numbers("padding", 0)
    elif padding == "same":
        borders = _same_padding(call, steps, spacing)
    else:
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    return call.apply(ops.Convolution, stride=steps, padding=borders, dilation=spacing)


def _same_padding(call: _Call, stride: tuple[int, ...], dilation: tuple[int, ...]) -> tuple[int, ...]:
    """Return the padding on both sides that keeps sizes; where it would be uneven, the rest is added to the input."""
    if any(step != 1 for step in stride):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    totals = [reach * (size - 1) for reach, size in zip(dilation, call.weight.shape[2:], strict=True)]
    if any(total % 2 for total in totals):
        warnings.warn(
            "Using padding='same' with even kernel lengths and odd dilation may require a zero-padded copy of the "
            "input be created",
            stacklevel=4,
        )
        # Borders are told from the last dimension on.
        borders = tuple((0, total % 2) for total in reversed(totals))
        call.input = apply(ops.ConstantPadNd, call.input, borders=borders, value=0)
    return tuple(total // 2 for total in totals)


def _transposed_convolution(
    function: str,
    dims: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: Sizes,
    output_padding: Sizes,
    groups: int,
    dilation: Sizes,
) -> Tensor:
    call = _Call(function, dims, input, weight, bias, groups)
    options = {"stride": stride, "padding": padding, "output_padding": output_padding, "dilation": dilation}
    if input.dim() == dims + 1:
        batch = input.unsqueeze(0)
        return _transposed_convolution(
            function, dims, batch, weight, bias, stride, padding, output_padding, groups, dilation
        ).squeeze(0)
    numbers = {name: call.numbers(name, value) for name, value in options.items()}
    return call.apply(ops.TransposedConvolution, **numbers)
