"""Pooling layers."""

from __future__ import annotations

from nnkit.nn import functional as F
from nnkit.nn.module import Module
from nnkit.nn.registry import LAYERS
from nnkit.tensors import Tensor


@LAYERS.register("MaxPool2d")
class MaxPool2d(Module):
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
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Map images of (N, C, H, W) to (N, C, H', W')."""
        return F.max_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )

    def extra_repr(self) -> str:
        """Return the settings."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )
