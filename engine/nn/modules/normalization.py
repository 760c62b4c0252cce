"""Layers that normalize each example by itself."""

from __future__ import annotations

from typing import Any

from nnkit.dtypes import dtype as DType
from nnkit.nn import functional as F
from nnkit.nn import init
from nnkit.nn.modules.module import Module
from nnkit.nn.parameter import Parameter
from nnkit.nn.registry import LAYERS
from nnkit.tensors import Tensor, empty


@LAYERS.register("LayerNorm")
class LayerNorm(Module):
    """Gives the last dimensions of each example the mean 0 and the variance 1, then scales and shifts each element.

    Args:
        normalized_shape: the sizes of these dimensions, or one number for the last one.
        eps: added to the variance.
        elementwise_affine: whether there are a weight and a bias.
        bias: whether there is a bias beside the weight.
        device: "cpu".
        dtype: element type of the parameters, float32 when omitted.

    Shapes:
        Input and output (..., *normalized_shape); weight and bias of `normalized_shape`, at first all ones and zeros.

    Raises:
        RuntimeError: the last dimensions are others.

    Source: Ba, Kiros and Hinton, "Layer normalization", 2016, equation 4.

    Examples:
        >>> nn.LayerNorm(2)(torch.tensor([[1.0, 3.0], [5.0, 5.0]])).detach()
        tensor([[-1.0000,  1.0000],
                [ 0.0000,  0.0000]])
    """

    def __init__(
        self,
        normalized_shape: int | list[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        sizes = [normalized_shape] if isinstance(normalized_shape, int) else normalized_shape
        self.normalized_shape = tuple(sizes)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        for name, given in (("weight", elementwise_affine), ("bias", elementwise_affine and bias)):
            made = Parameter(empty(self.normalized_shape, device=device, dtype=dtype)) if given else None
            self.register_parameter(name, made)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Begin with the weight 1 and the bias 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the settings."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )
