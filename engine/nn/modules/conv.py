"""Convolution layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal

from nnkit.dtypes import dtype as DType
from nnkit.nn import functional as F
from nnkit.nn import init
from nnkit.nn.modules.module import Module
from nnkit.nn.parameter import Parameter
from nnkit.nn.registry import LAYERS
from nnkit.tensors import Tensor, empty

_PADDING_MODES = ("circular", "reflect", "replicate", "zeros")
PaddingMode = Literal["zeros", "reflect", "replicate", "circular"]


class _ConvNd(Module):
    """What all convolution layers share; options are one number, or one for each dimension that filters slide along."""

    dims: ClassVar[int]
    transposed: ClassVar[bool] = False
    function: ClassVar[Callable[..., Tensor]]
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...],
        padding: str | int | tuple[int, ...],
        dilation: int | tuple[int, ...],
        output_padding: int | tuple[int, ...],
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: DType | None,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = self._numbers(kernel_size)
        self.stride = self._numbers(stride)
        # What has no padding by name takes it for its letters, as PyTorch does, and refuses them when it is called.
        self.padding = padding if isinstance(padding, str) and not self.transposed else self._numbers(padding)
        self.dilation = self._numbers(dilation)
        self.output_padding = self._numbers(output_padding)
        self.groups = groups
        self.padding_mode = padding_mode
        self._check()
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        self.weight = Parameter(empty((first, second // groups, *self.kernel_size), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _numbers(self, value: int | Sequence[Any]) -> tuple[Any, ...]:
        # A wrong number of values is refused by the function, as in PyTorch.
        return tuple(value) if isinstance(value, Sequence) else (value,) * self.dims

    def _check(self) -> None:
        if self.groups <= 0:
            raise ValueError("groups must be a positive integer")
        if self.in_channels % self.groups:
            raise ValueError("in_channels must be divisible by groups")
        if self.out_channels % self.groups:
            raise ValueError("out_channels must be divisible by groups")
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string {self.padding!r}, should be one of {{'same', 'valid'}}")
            if self.padding == "same" and any(step != 1 for step in self.stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        if self.padding_mode not in _PADDING_MODES:
            choices = ", ".join(repr(mode) for mode in _PADDING_MODES)
            raise ValueError(f"padding_mode must be one of {{{choices}}}, but got padding_mode='{self.padding_mode}'")

    def reset_parameters(self) -> None:
        """Draw new starting values."""
        init.reset_affine(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Map (N, in_channels, ...) to (N, out_channels, ...)."""
        padding: str | tuple[int, ...] = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._border(), self.padding_mode), (0,)
        return self.function(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _border(self) -> list[int]:
        """Return what `functional.pad` puts around the input."""
        if isinstance(self.padding, str):
            totals = [reach * (size - 1) for reach, size in zip(self.dilation, self.kernel_size, strict=True)]
            pairs = [(total // 2, total - total // 2) if self.padding == "same" else (0, 0) for total in totals]
        else:
            pairs = [(size, size) for size in self.padding]
        return [size for pair in reversed(pairs) for size in pair]

    def extra_repr(self) -> str:
        """Return the channels, and the settings that are not the default."""
        parts = [f"{self.in_channels}, {self.out_channels}"]
        parts.append(f"kernel_size={self.kernel_size}, stride={self.stride}")
        defaults = {"padding": 0, "dilation": 1, "output_padding": 0}
        for name, default in defaults.items():
            value = getattr(self, name)
            if value != (default,) * len(value):
                parts.append(f"{name}={value}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


@LAYERS.register("Conv1d")
class Conv1d(_ConvNd):
    """A bank of filters slid over sequences (in truth a cross-correlation, as everywhere in deep learning).

    Args:
        in_channels: channels of the input.
        out_channels: number of filters.
        kernel_size: length of a filter.
        stride: step between positions.
        padding: elements that are put on both sides; "valid" for none, "same" for as many as keep the length (with
            stride 1).
        dilation: distance between the taps of a filter.
        groups: channels are cut into so many parts that do not see each other.
        bias: whether a number per filter is added.
        padding_mode: what is put there: "zeros", or as in `functional.pad` "reflect", "replicate" or "circular".
        device: "cpu".
        dtype: element type of the parameters, float32 when omitted.

    Shapes:
        Input (N, in_channels, L) or (in_channels, L), output (N, out_channels, L') with
        L' = floor((L + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1; weight (out_channels,
        in_channels / groups, kernel_size) and bias (out_channels,), both drawn from +-1 / sqrt(elements of a filter).

    Raises:
        ValueError: groups that do not divide the channels, or a padding that is unknown or cannot be.

    Examples:
        >>> nn.Conv1d(2, 4, 3, padding=1)(torch.zeros(8, 2, 10)).shape
        torch.Size([8, 4, 10])
    """

    dims = 1
    function = staticmethod(F.conv1d)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int],
        stride: int | tuple[int] = 1,
        padding: Literal["valid", "same"] | int | tuple[int] = 0,
        dilation: int | tuple[int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: PaddingMode = "zeros",
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        options = (groups, bias, padding_mode, device, dtype)
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, 0, *options)


@LAYERS.register("Conv2d")
class Conv2d(_ConvNd):
    """A bank of filters slid over images (in truth a cross-correlation, as everywhere in deep learning).

    Args:
        in_channels: channels of the input.
        out_channels: number of filters.
        kernel_size: height and width of a filter, or one number for both.
        stride: step between positions.
        padding: rows and columns that are put on every side; "valid" for none, "same" for as many as keep the
            size of the image (with stride 1).
        dilation: distance between the taps of a filter.
        groups: channels are cut into so many parts that do not see each other.
        bias: whether a number per filter is added.
        padding_mode: what is put there: "zeros", or as in `functional.pad` "reflect", "replicate" or "circular".
        device: "cpu".
        dtype: element type of the parameters, float32 when omitted.

    Shapes:
        Input (N, in_channels, H, W) or (in_channels, H, W), output (N, out_channels, H', W') with
        H' = floor((H + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1; weight (out_channels,
        in_channels / groups, kernel height, kernel width) and bias (out_channels,), both drawn from
        +-1 / sqrt(elements of a filter).

    Raises:
        ValueError: groups that do not divide the channels, or a padding that is unknown or cannot be.

    Source: LeCun et al., "Gradient-based learning applied to document recognition", 1998, section II.

    Examples:
        >>> nn.Conv2d(1, 6, 5)(torch.zeros(8, 1, 32, 32)).shape
        torch.Size([8, 6, 28, 28])
    """

    dims = 2
    function = staticmethod(F.conv2d)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: Literal["valid", "same"] | int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: PaddingMode = "zeros",
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        options = (groups, bias, padding_mode, device, dtype)
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, 0, *options)


class _ConvTransposeNd(_ConvNd):
    """What transposed convolution layers share."""

    transposed = True

    def _check(self) -> None:
        if self.padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super()._check()

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """Map (N, in_channels, ...) to (N, out_channels, ...).

        Args:
            input: with or without a batch.
            output_size: the size of the result, with or without its batch and channels. A stride leaves that open,
                and `output_padding` is then what is needed for it.

        Raises:
            ValueError: a size that no `output_padding` gives.
        """
        further = self.output_padding if output_size is None else self._further(input, output_size)
        options = (self.stride, self.padding, further, self.groups, self.dilation)
        return self.function(input, self.weight, self.bias, *options)

    def _further(self, input: Tensor, size: Sequence[int]) -> list[int]:
        """Return the `output_padding` that a size needs."""
        dims, others = self.dims, input.dim() - self.dims
        wanted = size[others:] if len(size) == others + dims else size
        if len(wanted) != dims:
            raise ValueError(
                f"ConvTranspose{dims}D: for {input.dim()}D input, output_size must have {dims} or {others + dims} "
                f"elements (got {len(wanted)})"
            )
        least = [
            (length - 1) * self.stride[dim]
            - 2 * int(self.padding[dim])
            + self.dilation[dim] * (self.kernel_size[dim] - 1)
            + 1
            for dim, length in enumerate(input.shape[others:])
        ]
        most = [length + stride - 1 for length, stride in zip(least, self.stride, strict=True)]
        if any(not low <= length <= high for low, length, high in zip(least, wanted, most, strict=True)):
            raise ValueError(
                f"requested an output size of {wanted}, but valid sizes range from {least} to {most} (for an input of "
                f"{input.size()[2:]})"
            )
        return [length - low for length, low in zip(wanted, least, strict=True)]


@LAYERS.register("ConvTranspose1d")
class ConvTranspose1d(_ConvTransposeNd):
    """Adds up a filter at each place of sequences, times the value there: the shape of a `Conv1d` backwards.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: length of a filter.
        stride: step between the filters in the output.
        padding: elements that are left out on both sides of the output.
        output_padding: elements that are added behind it, less than the stride or the dilation.
        groups: channels are cut into so many parts that do not see each other.
        bias: whether a number per output channel is added.
        dilation: distance between the taps of a filter.
        padding_mode: "zeros".
        device: "cpu".
        dtype: element type of the parameters, float32 when omitted.

    Shapes:
        Input (N, in_channels, L) or (in_channels, L), output (N, out_channels, L') with
        L' = (L - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1; weight (in_channels,
        out_channels / groups, kernel_size) and bias (out_channels,), both drawn from +-1 / sqrt(out_channels / groups
        times kernel_size).

    Raises:
        ValueError: groups that do not divide the channels, or another padding mode.

    Source: Zeiler et al., "Deconvolutional networks", 2010.

    Examples:
        >>> nn.ConvTranspose1d(4, 2, 3, stride=2)(torch.zeros(8, 4, 5)).shape
        torch.Size([8, 2, 11])
    """

    dims = 1
    function = staticmethod(F.conv_transpose1d)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int],
        stride: int | tuple[int] = 1,
        padding: int | tuple[int] = 0,
        output_padding: int | tuple[int] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple[int] = 1,
        padding_mode: Literal["zeros"] = "zeros",
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        options = (groups, bias, padding_mode, device, dtype)
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding, *options)


@LAYERS.register("ConvTranspose2d")
class ConvTranspose2d(_ConvTransposeNd):
    """Adds up a filter at each place of images, times the value there: the shape of a `Conv2d` backwards.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: height and width of a filter, or one number for both.
        stride: step between the filters in the output.
        padding: rows and columns that are left out on every side of the output.
        output_padding: rows and columns that are added below and to the right of it, less than the stride or the
            dilation.
        groups: channels are cut into so many parts that do not see each other.
        bias: whether a number per output channel is added.
        dilation: distance between the taps of a filter.
        padding_mode: "zeros".
        device: "cpu".
        dtype: element type of the parameters, float32 when omitted.

    Shapes:
        Input (N, in_channels, H, W) or (in_channels, H, W), output (N, out_channels, H', W') with
        H' = (H - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1; weight (in_channels,
        out_channels / groups, kernel height, kernel width) and bias (out_channels,), both drawn from
        +-1 / sqrt(out_channels / groups times the elements of a kernel).

    Raises:
        ValueError: groups that do not divide the channels, or another padding mode.

    Source: Zeiler et al., "Deconvolutional networks", 2010.

    Examples:
        >>> down = nn.Conv2d(1, 4, 3, stride=2, padding=1)
        >>> up = nn.ConvTranspose2d(4, 1, 3, stride=2, padding=1)
        >>> images = torch.zeros(8, 1, 12, 12)
        >>> up(down(images), output_size=images.size()).shape
        torch.Size([8, 1, 12, 12])
    """

    dims = 2
    function = staticmethod(F.conv_transpose2d)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        output_padding: int | tuple[int, int] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple[int, int] = 1,
        padding_mode: Literal["zeros"] = "zeros",
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        options = (groups, bias, padding_mode, device, dtype)
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding, *options)
