"""Pooling layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nnkit.nn import functional as F
from nnkit.nn.modules.module import Module
from nnkit.nn.registry import LAYERS
from nnkit.tensors import Tensor


class _MaxPoolNd(Module):
    """What the layers share that take the greatest value of each window."""

    def __init__(
        self,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] | None,
        padding: int | tuple[int, ...],
        dilation: int | tuple[int, ...],
        return_indices: bool,
        ceil_mode: bool,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def options(self) -> dict[str, Any]:
        """Return what the function of the layer takes beside its input."""
        names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
        return {name: getattr(self, name) for name in names}

    def extra_repr(self) -> str:
        """Return the settings."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


@LAYERS.register("MaxPool1d")
class MaxPool1d(_MaxPoolNd):
    """The greatest value in each window of a sequence.

    Args:
        kernel_size: length of the window.
        stride: step between windows, `kernel_size` when omitted.
        padding: elements of minus infinity on both sides, at most half a window.
        dilation: distance between the elements of a window.
        return_indices: return also where each value was.
        ceil_mode: keep a last window that reaches beyond the sequence.

    Shapes:
        Input (N, C, L) or (C, L), output (N, C, L') with
        L' = floor((L + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1.

    Raises:
        TypeError: an option is no integer, or no tuple of them.
        RuntimeError: another number of dimensions, options that do not fit each other, or an output without elements.

    Examples:
        >>> nn.MaxPool1d(2)(torch.tensor([[1.0, 3.0, 2.0, 0.0]]))
        tensor([[3., 2.]])
    """

    def __init__(
        self,
        kernel_size: int | tuple[int],
        stride: int | tuple[int] | None = None,
        padding: int | tuple[int] = 0,
        dilation: int | tuple[int] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(kernel_size, stride, padding, dilation, return_indices, ceil_mode)

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Map sequences of (N, C, L) to (N, C, L')."""
        return F.max_pool1d(input, **self.options())


@LAYERS.register("MaxPool2d")
class MaxPool2d(_MaxPoolNd):
    """The greatest value in each window of an image.

    Args:
        kernel_size: height and width of the window, or one number for both.
        stride: step between windows, `kernel_size` when omitted.
        padding: rows and columns of minus infinity on every side, at most half a window.
        dilation: distance between the elements of a window.
        return_indices: return also where each value was, counted within its channel.
        ceil_mode: keep a last window that reaches beyond the image.

    Shapes:
        Input (N, C, H, W) or (C, H, W), output (N, C, H', W') with
        H' = floor((H + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1.

    Raises:
        TypeError: an option is no integer, or no tuple of them.
        RuntimeError: another number of dimensions, options that do not fit each other, or an output without elements.

    Examples:
        >>> nn.MaxPool2d(2)(torch.zeros(8, 6, 28, 28)).shape
        torch.Size([8, 6, 14, 14])
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(kernel_size, stride, padding, dilation, return_indices, ceil_mode)

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Map images of (N, C, H, W) to (N, C, H', W')."""
        return F.max_pool2d(input, **self.options())


@LAYERS.register("AvgPool1d")
class AvgPool1d(Module):
    """The average of each window of a sequence.

    Args:
        kernel_size: length of the window.
        stride: step between windows, `kernel_size` when omitted.
        padding: zeros on both sides, at most half a window.
        ceil_mode: keep a last window that reaches beyond the sequence.
        count_include_pad: whether the zeros count in the average.

    Shapes:
        Input (N, C, L) or (C, L), output (N, C, L') with L' = floor((L + 2 padding - kernel_size) / stride) + 1.

    Raises:
        TypeError: an option is no integer, or no tuple of them.
        RuntimeError: another number of dimensions, options that do not fit each other, or an output without elements.

    Examples:
        >>> nn.AvgPool1d(2)(torch.tensor([[1.0, 3.0, 2.0, 0.0]]))
        tensor([[2., 1.]])
    """

    def __init__(
        self,
        kernel_size: int | tuple[int],
        stride: int | tuple[int] | None = None,
        padding: int | tuple[int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        # PyTorch's other pooling layers keep and show a number as it was given.
        self.kernel_size = _single(kernel_size)
        self.stride = self.kernel_size if stride is None else _single(stride)
        self.padding = _single(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        """Map sequences of (N, C, L) to (N, C, L')."""
        options = (self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)
        return F.avg_pool1d(input, *options)

    def extra_repr(self) -> str:
        """Return the window."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


def _single(value: int | tuple[int]) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, Sequence) else (value,)


@LAYERS.register("AvgPool2d")
class AvgPool2d(Module):
    """The average of each window of an image.

    Args:
        kernel_size: height and width of the window, or one number for both.
        stride: step between windows, `kernel_size` when omitted.
        padding: rows and columns of zeros on every side, at most half a window.
        ceil_mode: keep a last window that reaches beyond the image.
        count_include_pad: whether the zeros count in the average.
        divisor_override: what to divide the sum by, instead of the number of elements.

    Shapes:
        Input (N, C, H, W) or (C, H, W), output (N, C, H', W') with
        H' = floor((H + 2 padding - kernel_size) / stride) + 1.

    Raises:
        TypeError: an option is no integer, or no tuple of them.
        IndexError: fewer than three dimensions.
        RuntimeError: more than four, options that do not fit each other, or an output without elements.

    Source: LeCun et al., "Gradient-based learning applied to document recognition", 1998, section II.B.

    Examples:
        >>> nn.AvgPool2d(2)(torch.arange(16.0).view(1, 4, 4))
        tensor([[[ 2.5000,  4.5000],
                 [10.5000, 12.5000]]])
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """Map images of (N, C, H, W) to (N, C, H', W')."""
        window = (self.kernel_size, self.stride, self.padding)
        return F.avg_pool2d(input, *window, self.ceil_mode, self.count_include_pad, self.divisor_override)

    def extra_repr(self) -> str:
        """Return the window."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AdaptivePool(Module):
    """What the layers share that give as many values as are wanted."""

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        """Return the size."""
        return f"output_size={self.output_size}"


@LAYERS.register("AdaptiveAvgPool1d")
class AdaptiveAvgPool1d(AdaptivePool):
    """Averages of a sequence, as many as are wanted, over windows that cover it evenly.

    Args:
        output_size: L', the number of windows. The one numbered i goes from floor(i L / L') to ceil((i + 1) L / L').

    Shapes:
        Input (N, C, L) or (C, L), output (N, C, L').

    Raises:
        TypeError: the size is no integer, or no tuple of them.
        RuntimeError: another number of dimensions, or a negative size.
        NotImplementedError: the input is not floating-point.

    Examples:
        >>> nn.AdaptiveAvgPool1d(2)(torch.tensor([[1.0, 3.0, 2.0]]))
        tensor([[2.0000, 2.5000]])
    """

    def __init__(self, output_size: int | tuple[int]) -> None:
        super().__init__(output_size)

    def forward(self, input: Tensor) -> Tensor:
        """Map sequences of (N, C, L) to (N, C, L')."""
        return F.adaptive_avg_pool1d(input, self.output_size)


@LAYERS.register("AdaptiveAvgPool2d")
class AdaptiveAvgPool2d(AdaptivePool):
    """Averages of an image, as many as are wanted, over windows that cover it evenly.

    Args:
        output_size: H' and W', or one number for both; None keeps a size. The row of windows numbered i goes from
            floor(i H / H') to ceil((i + 1) H / H'), the columns likewise.

    Shapes:
        Input (N, C, H, W) or (C, H, W), output (N, C, H', W').

    Raises:
        TypeError: the size is no integer, or no tuple of them.
        RuntimeError: another number of dimensions, or a negative size.
        NotImplementedError: the input is not floating-point.

    Examples:
        >>> nn.AdaptiveAvgPool2d((1, None))(torch.arange(16.0).view(1, 4, 4))
        tensor([[[6., 7., 8., 9.]]])
    """

    def __init__(self, output_size: int | tuple[int | None, int | None]) -> None:
        super().__init__(output_size)

    def forward(self, input: Tensor) -> Tensor:
        """Map images of (N, C, H, W) to (N, C, H', W')."""
        return F.adaptive_avg_pool2d(input, self.output_size)
