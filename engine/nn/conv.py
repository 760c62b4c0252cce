"""Convolution layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast

from nnkit.dtypes import dtype as DType
from nnkit.nn import functional as F
from nnkit.nn import init
from nnkit.nn.module import Module
from nnkit.nn.parameter import Parameter
from nnkit.nn.registry import LAYERS
from nnkit.tensors import Tensor, empty

_PADDING_MODES = ("circular", "reflect", "replicate", "zeros")


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    # A wrong number of values is refused by `conv2d`, as PyTorch does.
    return cast("tuple[int, int]", tuple(value)) if isinstance(value, Sequence) else (value, value)


@LAYERS.register("Conv2d")
class Conv2d(Module):
    """A bank of filters slid over images (in truth a cross-correlation, as everywhere in deep learning).

    Args:
        in_channels: channels of the input.
        out_channels: number of filters.
        kernel_size: height and width of a filter, or one number for both.
        stride: step between positions.
        padding: rows and columns of zeros on every side; "valid" for none, "same" for as many as keep the
            size of the image (with stride 1).
        dilation: distance between the taps of a filter.
        groups: channels are cut into so many parts that do not see each other.
        bias: whether a number per filter is added.
        padding_mode: "zeros".
        device: "cpu".
        dtype: element type of the parameters, float32 when omitted.

    Shapes:
        Input (N, in_channels, H, W) or (in_channels, H, W), output (N, out_channels, H', W') with
        H' = floor((H + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1; weight (out_channels,
        in_channels / groups, kernel height, kernel width) and bias (out_channels,), both drawn from
        +-1 / sqrt(elements of a filter).

    Raises:
        ValueError: groups that do not divide the channels, or a padding that is unknown or cannot be.
        NotImplementedError: a padding mode other than "zeros".
    """

    weight: Parameter
    bias: Parameter | None

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
        padding_mode: Literal["zeros"] = "zeros",
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = _pair(kernel_size)
        self.stride = _pair(stride)
        self.padding = padding if isinstance(padding, str) else _pair(padding)
        self.dilation = _pair(dilation)
        self.groups = groups
        self.padding_mode = padding_mode
        self._check()
        filters = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(empty(filters, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

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
            raise ValueError(f"padding_mode must be one of {{{choices}}}, but got padding_mode={self.padding_mode!r}")
        if self.padding_mode != "zeros":
            raise NotImplementedError(
                f"Conv2d pads with zeros only; padding_mode={self.padding_mode!r} is not implemented yet"
            )

    def reset_parameters(self) -> None:
        """Draw new starting values."""
        init.reset_affine(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Map images of (N, in_channels, H, W) to (N, out_channels, H', W')."""
        return F.conv2d(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        """Return the channels, and the settings that are not the default."""
        parts = [f"{self.in_channels}, {self.out_channels}"]
        parts.append(f"kernel_size={self.kernel_size}, stride={self.stride}")
        if self.padding != (0, 0):
            parts.append(f"padding={self.padding}")
        if self.dilation != (1, 1):
            parts.append(f"dilation={self.dilation}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        return ", ".join(parts)
