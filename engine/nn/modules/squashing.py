"""Activations whose results stay between two limits, and their logarithms.

Their classes say that they are in `activation`, as PyTorch's do.
"""

from __future__ import annotations

from nnkit.nn import functional as F
from nnkit.nn.modules.module import Module
from nnkit.nn.registry import LAYERS
from nnkit.tensors import Tensor


@LAYERS.register("Tanh")
class Tanh(Module):
    """The hyperbolic tangent, element by element.

    Shapes:
        Input and output (*), any shape.

    Examples:
        >>> nn.Tanh()(torch.tensor([0.0, 1.0]))
        tensor([0.0000, 0.7616])
    """

    __module__ = "nnkit.nn.modules.activation"

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.tanh(input)


@LAYERS.register("Sigmoid")
class Sigmoid(Module):
    """1 / (1 + exp(-x)), element by element.

    Shapes:
        Input and output (*), any shape.

    Examples:
        >>> nn.Sigmoid()(torch.tensor([0.0, 1.0]))
        tensor([0.5000, 0.7311])
    """

    __module__ = "nnkit.nn.modules.activation"

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.sigmoid(input)


@LAYERS.register("LogSigmoid")
class LogSigmoid(Module):
    """The logarithm of the sigmoid, element by element, computed without overflow.

    Shapes:
        Input and output (*), any shape.

    Raises:
        NotImplementedError: the input is not floating-point.

    Examples:
        >>> nn.LogSigmoid()(torch.tensor([-2.0, 0.0]))
        tensor([-2.1269, -0.6931])
    """

    __module__ = "nnkit.nn.modules.activation"

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.logsigmoid(input)


@LAYERS.register("Softsign")
class Softsign(Module):
    """x / (1 + |x|), element by element.

    Shapes:
        Input and output (*), any shape.

    Raises:
        NotImplementedError: the input is of booleans.

    Source: Bergstra et al., "Quadratic polynomials learn better image features", 2009, section 2.

    Examples:
        >>> nn.Softsign()(torch.tensor([-1.0, 3.0]))
        tensor([-0.5000,  0.7500])
    """

    __module__ = "nnkit.nn.modules.activation"

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.softsign(input)


@LAYERS.register("Softmax")
class Softmax(Module):
    """Positive numbers along `dim` that sum to 1, in proportion to exp(x).

    Args:
        dim: the dimension; omitting it is deprecated.

    Shapes:
        Input and output (*), any shape.

    Raises:
        IndexError: the input has no such dimension.
        NotImplementedError: the input is not floating-point.

    Source: Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990, equation 6.

    Examples:
        >>> nn.Softmax(dim=1)(torch.tensor([[0.0, 0.0], [0.0, 1.0]]))
        tensor([[0.5000, 0.5000],
                [0.2689, 0.7311]])
    """

    __module__ = "nnkit.nn.modules.activation"

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        """Return the dimension."""
        return f"dim={self.dim}"


@LAYERS.register("LogSoftmax")
class LogSoftmax(Softmax):
    """The logarithm of the softmax, without its overflow and loss of digits.

    Args:
        dim: the dimension; omitting it is deprecated.

    Shapes:
        Input and output (*), any shape.

    Raises:
        IndexError: the input has no such dimension.
        NotImplementedError: the input is not floating-point.

    Examples:
        >>> nn.LogSoftmax(dim=0)(torch.tensor([0.0, 0.0]))
        tensor([-0.6931, -0.6931])
    """

    __module__ = "nnkit.nn.modules.activation"

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.log_softmax(input, self.dim)


@LAYERS.register("Softmin")
class Softmin(Softmax):
    """The softmax of -x: positive numbers along `dim` that sum to 1, in proportion to exp(-x).

    Args:
        dim: the dimension; omitting it is deprecated.

    Shapes:
        Input and output (*), any shape.

    Raises:
        IndexError: the input has no such dimension.
        NotImplementedError: the input is not floating-point.

    Examples:
        >>> nn.Softmin(dim=0)(torch.tensor([0.0, 1.0]))
        tensor([0.7311, 0.2689])
    """

    __module__ = "nnkit.nn.modules.activation"

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.softmin(input, self.dim)
