"""Poolings as functions; `nnkit.nn.functional` has them among its names.

Source: the arguments and the messages are those of PyTorch's `torch.nn.functional`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, overload

from nnkit import ops
from nnkit.nn.windows import Sizes, check_sequences, length, lengths, max_pool1d_lengths, pair, step_of
from nnkit.tensors import Tensor, apply, apply_all
from nnkit.tensors.naming import integers, require_bool, require_tensor, told_by_position, typename


@overload
def max_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = ...,
    padding: Sizes = ...,
    dilation: Sizes = ...,
    ceil_mode: bool = ...,
    return_indices: Literal[False] = ...,
) -> Tensor: ...


@overload
def max_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = ...,
    padding: Sizes = ...,
    dilation: Sizes = ...,
    ceil_mode: bool = ...,
    return_indices: bool = ...,
) -> Tensor | tuple[Tensor, Tensor]: ...


def max_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """Return the greatest value of each window of sequences.

    Args:
        input: (N, C, L) or (C, L).
        kernel_size: length of the window.
        stride: step between windows, `kernel_size` when omitted.
        padding: elements of minus infinity on both sides.
        dilation: distance between the elements of a window.
        ceil_mode: keep a last window that reaches beyond the sequence.
        return_indices: return also where each value was.

    Returns:
        (N, C, L') or (C, L').

    Raises:
        RuntimeError: shapes or options do not fit.
        NotImplementedError: integers, without indices.

    Examples:
        >>> F.max_pool1d(torch.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
        tensor([[3., 2.]])
    """
    require_tensor("max_pool1d", "input", 1, input)
    options = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "dilation": dilation}
    if return_indices:
        # PyTorch has two functions behind this one, each with its own words.
        check_sequences("max_pool1d", input)
        window, steps, borders, spacing = lengths("max_pool1d", "max_pool1d_with_indices", **options)
    else:
        window, steps, borders, spacing = max_pool1d_lengths(input, ceil_mode, **options)
    require_bool("max_pool1d_with_indices" if return_indices else "max_pool1d", "ceil_mode", 6, ceil_mode)
    results = max_pool2d(
        input.unsqueeze(-2), (1, window), (1, steps), (0, borders), (1, spacing), ceil_mode, return_indices
    )
    return (results[0].squeeze(-2), results[1].squeeze(-2)) if isinstance(results, tuple) else results.squeeze(-2)


@overload
def max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = ...,
    padding: Sizes = ...,
    dilation: Sizes = ...,
    ceil_mode: bool = ...,
    return_indices: Literal[False] = ...,
) -> Tensor: ...


@overload
def max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = ...,
    padding: Sizes = ...,
    dilation: Sizes = ...,
    ceil_mode: bool = ...,
    return_indices: bool = ...,
) -> Tensor | tuple[Tensor, Tensor]: ...


def max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """Return the greatest value of each window of images; NaN is greater than every number.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: height and width of the window.
        stride: step between windows, `kernel_size` when omitted.
        padding: rows and columns of minus infinity on every side.
        dilation: distance between the elements of a window.
        ceil_mode: keep a last window that reaches beyond the image.
        return_indices: return also where each value was, counted within its channel.

    Returns:
        (N, C, H', W') or (C, H', W').

    Raises:
        RuntimeError: shapes or options do not fit.

    Examples:
        >>> F.max_pool2d(torch.arange(16.0).view(1, 4, 4), 2)
        tensor([[[ 5.,  7.],
                 [13., 15.]]])
    """
    require_tensor("max_pool2d", "input", 1, input)
    window = pair("max_pool2d", "kernel_size", 2, kernel_size)
    steps = step_of("max_pool2d", stride, window)
    borders = pair("max_pool2d", "padding", 4, padding)
    spacing = pair("max_pool2d", "dilation", 5, dilation, "be either")
    require_bool("max_pool2d_with_indices" if return_indices else "max_pool2d", "ceil_mode", 6, ceil_mode)
    if input.dim() not in (3, 4):
        raise RuntimeError("non-empty 3D or 4D (batch mode) tensor expected for input")
    results = apply_all(
        ops.MaxPool2DWithIndices,
        input,
        kernel_size=window,
        stride=steps,
        padding=borders,
        dilation=spacing,
        ceil_mode=ceil_mode,
        return_indices=return_indices,
    )
    return (results[0], results[1]) if return_indices else results[0]


@told_by_position
def avg_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """Return the average of each window of sequences.

    Args:
        input: (N, C, L) or (C, L).
        kernel_size: length of the window.
        stride: step between windows, `kernel_size` when omitted.
        padding: zeros on both sides.
        ceil_mode: keep a last window that reaches beyond the sequence.
        count_include_pad: whether the zeros count in the average.

    Returns:
        (N, C, L') or (C, L').

    Raises:
        RuntimeError: shapes or options do not fit.

    Examples:
        >>> F.avg_pool1d(torch.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
        tensor([[2., 1.]])
    """
    require_tensor("avg_pool1d", "input", 1, input)
    check_sequences("avg_pool1d", input)
    require_bool("avg_pool1d", "ceil_mode", 5, ceil_mode)
    require_bool("avg_pool1d", "count_include_pad", 6, count_include_pad)
    window, steps, borders = lengths("avg_pool1d", kernel_size=kernel_size, stride=stride, padding=padding)
    images = input.unsqueeze(-2)
    return avg_pool2d(images, (1, window), (1, steps), (0, borders), ceil_mode, count_include_pad).squeeze(-2)


@told_by_position
def avg_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Return the average of each window of images.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: height and width of the window.
        stride: step between windows, `kernel_size` when omitted.
        padding: rows and columns of zeros on every side.
        ceil_mode: keep a last window that reaches beyond the image.
        count_include_pad: whether the zeros count in the average.
        divisor_override: what to divide the sum by, instead of the number of elements.

    Returns:
        (N, C, H', W') or (C, H', W').

    Raises:
        RuntimeError: shapes or options do not fit.

    Examples:
        >>> F.avg_pool2d(torch.arange(16.0).view(1, 4, 4), 2)
        tensor([[[ 2.5000,  4.5000],
                 [10.5000, 12.5000]]])
    """
    require_tensor("avg_pool2d", "input", 1, input)
    window = pair("avg_pool2d", "kernel_size", 2, kernel_size)
    steps = step_of("avg_pool2d", stride, window)
    borders = pair("avg_pool2d", "padding", 4, padding)
    require_bool("avg_pool2d", "ceil_mode", 5, ceil_mode)
    require_bool("avg_pool2d", "count_include_pad", 6, count_include_pad)
    if isinstance(divisor_override, bool) or not hasattr(divisor_override or 0, "__index__"):
        raise TypeError(f"avg_pool2d(): argument 'divisor_override' must be int, not {typename(divisor_override)}")
    if input.dim() < 3:
        span = max(input.dim(), 1)
        raise IndexError(f"Dimension out of range (expected to be in range of [{-span}, {span - 1}], but got -3)")
    return apply(
        ops.AvgPool2D,
        input,
        kernel_size=window,
        stride=steps,
        padding=borders,
        ceil_mode=ceil_mode,
        count_include_pad=count_include_pad,
        divisor_override=divisor_override,
    )


def adaptive_avg_pool1d(input: Tensor, output_size: Sizes) -> Tensor:
    """Return averages of sequences, as many as are wanted.

    Args:
        input: (N, C, L) or (C, L).
        output_size: L', the number of windows. The one numbered i goes from floor(i L / L') to ceil((i + 1) L / L').

    Returns:
        (N, C, L') or (C, L').

    Raises:
        RuntimeError: shapes or options do not fit.

    Examples:
        >>> F.adaptive_avg_pool1d(torch.tensor([[1.0, 3.0, 2.0]]), 2)
        tensor([[2.0000, 2.5000]])
    """
    require_tensor("adaptive_avg_pool1d", "input", 1, input)
    check_sequences("adaptive_avg_pool1d", input)
    windows = length("adaptive_avg_pool1d", "adaptive_avg_pool1d", "output_size", 2, output_size)
    return _adaptive_average(input.unsqueeze(-2), (1, windows)).squeeze(-2)


def adaptive_avg_pool2d(input: Tensor, output_size: int | Sequence[int | None] | None) -> Tensor:
    """Return averages of images, as many as are wanted.

    Args:
        input: (N, C, H, W) or (C, H, W).
        output_size: H' and W', or one number for both; None keeps a size. The row of windows numbered i goes from
            floor(i H / H') to ceil((i + 1) H / H'), the columns likewise.

    Returns:
        (N, C, H', W') or (C, H', W').

    Raises:
        RuntimeError: shapes or options do not fit.

    Examples:
        >>> F.adaptive_avg_pool2d(torch.arange(16.0).view(1, 4, 4), (1, None))
        tensor([[[6., 7., 8., 9.]]])
    """
    shape = input.size()
    if isinstance(output_size, int):
        sizes = [output_size, output_size]
    else:
        count = len(output_size)  # type: ignore[arg-type]  # anything else is refused by this, as in PyTorch
        if len(shape) <= count:
            raise ValueError(f"Input dimension should be at least {count + 1}")
        wanted = zip(output_size, shape[-count:], strict=True)  # type: ignore[arg-type]
        described = "adaptive_avg_pool2d(): argument 'output_size' (position 2)"
        sizes = integers(described, [given if size is None else size for size, given in wanted])
    if len(sizes) != 2:
        raise RuntimeError("adaptive_avg_pool2d: output_size must be 2")
    return _adaptive_average(input, (sizes[0], sizes[1]))


def _adaptive_average(input: Tensor, size: tuple[int, int]) -> Tensor:
    if min(size) < 0:
        raise RuntimeError(
            "adaptive_avg_pool2d: elements of output_size must be greater than or equal to 0 but received "
            f"{{{size[0]}, {size[1]}}}"
        )
    # One window for all of an image is a mean, and so it is called in PyTorch's graph.
    return (
        input.mean((-1, -2), keepdim=True) if size == (1, 1) else apply(ops.AdaptiveAvgPool2D, input, output_size=size)
    )
