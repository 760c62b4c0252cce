"""Layers that are an affine map, and the one that changes nothing."""

from __future__ import annotations

from typing import Any

from nnkit.dtypes import dtype as DType
from nnkit.nn import functional as F
from nnkit.nn import init
from nnkit.nn.modules.module import Module
from nnkit.nn.parameter import Parameter
from nnkit.nn.registry import LAYERS
from nnkit.tensors import Tensor, empty


@LAYERS.register("Linear")
class Linear(Module):
    """The affine map y = x A^T + b over the last dimension.

    Args:
        in_features: size of each input sample.
        out_features: size of each output sample.
        bias: whether there is a b.
        device: "cpu".
        dtype: element type of the parameters, float32 when omitted.

    Shapes:
        Input (..., in_features), output (..., out_features); weight (out_features, in_features) and bias
        (out_features,), both drawn from +-1 / sqrt(in_features).

    Raises:
        RuntimeError: a size is negative; or of the input the last size or the element type is another.

    Examples:
        >>> import nnkit
        >>> from nnkit import nn
        >>> nn.Linear(4, 2)(nnkit.ones(3, 4)).shape
        torch.Size([3, 2])
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(empty((out_features, in_features), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new starting values."""
        init.reset_affine(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Map (..., in_features) to (..., out_features)."""
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the sizes."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


@LAYERS.register("Identity")
class Identity(Module):
    """Its input, unchanged; any arguments are accepted, so that it can stand in for another layer.

    Shapes:
        Input and output (*), any shape.

    Examples:
        >>> nn.Identity(54, unused=True)(torch.tensor([1.0]))
        tensor([1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """Return `input` itself."""
        return input
