"""Activations: functions of each element; only one has parameters."""

from __future__ import annotations

from typing import Any, Literal

from nnkit.nn import functional as F
from nnkit.nn.init import constant_
from nnkit.nn.modules.module import Module
from nnkit.nn.parameter import Parameter
from nnkit.nn.registry import LAYERS
from nnkit.tensors import Tensor, empty


class _InPlace(Module):
    """What the activations share that can be written over their input."""

    def __init__(self, inplace: bool) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        """Return whether it works in place."""
        return "inplace=True" if self.inplace else ""

    def _text(self, options: str) -> str:
        """Return the text of some options and, where it does, that it works in place."""
        return f"{options}, inplace=True" if self.inplace else options


@LAYERS.register("ReLU")
class ReLU(_InPlace):
    """The greater of x and 0, element by element.

    Args:
        inplace: write the result over the input.

    Shapes:
        Input and output (*), any shape.

    Raises:
        RuntimeError: the input is of booleans.

    Source: Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010, section 2.

    Examples:
        >>> nn.ReLU()(torch.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace)

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.relu(input, self.inplace)


@LAYERS.register("Hardtanh")
class Hardtanh(_InPlace):
    """x, held between two bounds, element by element.

    Args:
        min_val: the least value.
        max_val: the greatest value.
        inplace: write the result over the input.

    Shapes:
        Input and output (*), any shape.

    Raises:
        AssertionError: the greatest value is not above the least.
        RuntimeError: the input is of booleans.

    Source: Collobert, "Large scale machine learning", 2004, section 5.

    Examples:
        >>> nn.Hardtanh()(torch.tensor([-2.0, 0.5, 2.0]))
        tensor([-1.0000,  0.5000,  1.0000])
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        if max_val <= min_val:
            raise AssertionError(f"max_val ({max_val}) must be greater than min_val ({min_val})")
        self.min_val = min_val
        self.max_val = max_val

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        """Return the bounds, and whether it works in place."""
        return self._text(f"min_val={self.min_val}, max_val={self.max_val}")


@LAYERS.register("ReLU6")
class ReLU6(Hardtanh):
    """x, held between 0 and 6, element by element.

    Args:
        inplace: write the result over the input.

    Shapes:
        Input and output (*), any shape.

    Raises:
        RuntimeError: the input is of booleans.

    Source: Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010, section 3.

    Examples:
        >>> nn.ReLU6()(torch.tensor([-1.0, 3.0, 8.0]))
        tensor([0., 3., 6.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        """Return whether it works in place."""
        return "inplace=True" if self.inplace else ""


@LAYERS.register("LeakyReLU")
class LeakyReLU(_InPlace):
    """x where it is positive and a share of it elsewhere, element by element.

    Args:
        negative_slope: the share.
        inplace: write the result over the input.

    Shapes:
        Input and output (*), any shape.

    Raises:
        NotImplementedError: the input is not floating-point.

    Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013, equation 2.

    Examples:
        >>> nn.LeakyReLU(0.1)(torch.tensor([-2.0, 2.0]))
        tensor([-0.2000,  2.0000])
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.negative_slope = negative_slope

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        """Return the share, and whether it works in place."""
        return self._text(f"negative_slope={self.negative_slope}")


@LAYERS.register("ELU")
class ELU(_InPlace):
    """x where it is positive and alpha * (exp(x) - 1) elsewhere, element by element.

    Args:
        alpha: minus the limit of the result for very negative numbers.
        inplace: write the result over the input.

    Shapes:
        Input and output (*), any shape.

    Raises:
        NotImplementedError: the input is not floating-point.

    Source: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear units",
    2016, equation 6.

    Examples:
        >>> nn.ELU()(torch.tensor([-1.0, 1.0]))
        tensor([-0.6321,  1.0000])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        """Return alpha, and whether it works in place."""
        return self._text(f"alpha={self.alpha}")


@LAYERS.register("SELU")
class SELU(_InPlace):
    """`ELU` scaled so that layers keep a mean of 0 and a variance of 1.

    Args:
        inplace: write the result over the input.

    Shapes:
        Input and output (*), any shape.

    Raises:
        NotImplementedError: the input is not floating-point.

    Source: Klambauer et al., "Self-normalizing neural networks", 2017, equation 2.

    Examples:
        >>> nn.SELU()(torch.tensor([-1.0, 1.0]))
        tensor([-1.1113,  1.0507])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace)

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.selu(input, self.inplace)


@LAYERS.register("GELU")
class GELU(Module):
    """x times the probability that a normally distributed number is less, element by element.

    Args:
        approximate: "none", or "tanh" for an approximation with a hyperbolic tangent.

    Shapes:
        Input and output (*), any shape.

    Raises:
        NotImplementedError: the input is not floating-point.

    Source: Hendrycks and Gimpel, "Gaussian error linear units", 2016, section 2.

    Examples:
        >>> nn.GELU()(torch.tensor([-1.0, 1.0]))
        tensor([-0.1587,  0.8413])
    """

    def __init__(self, approximate: Literal["none", "tanh"] = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape.

        Raises:
            RuntimeError: there is no such approximation.
        """
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        """Return the approximation."""
        return f"approximate={self.approximate!r}"


@LAYERS.register("SiLU")
class SiLU(_InPlace):
    """x times its sigmoid, element by element.

    Args:
        inplace: write the result over the input.

    Shapes:
        Input and output (*), any shape.

    Raises:
        NotImplementedError: the input is not floating-point.

    Source: Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function approximation in
    reinforcement learning", 2018, equation 2.

    Examples:
        >>> nn.SiLU()(torch.tensor([-1.0, 1.0]))
        tensor([-0.2689,  0.7311])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace)

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.silu(input, self.inplace)


@LAYERS.register("Softplus")
class Softplus(Module):
    """log(1 + exp(beta * x)) / beta, a smooth ReLU, element by element.

    Args:
        beta: how sharp its bend is.
        threshold: where beta * x is above it, the result is x itself.

    Shapes:
        Input and output (*), any shape.

    Raises:
        NotImplementedError: the input is not floating-point.

    Source: Dugas et al., "Incorporating second-order functional knowledge for better option pricing", 2001, section 2.

    Examples:
        >>> nn.Softplus()(torch.tensor([-1.0, 1.0]))
        tensor([0.3133, 1.3133])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """Return beta and the threshold."""
        return f"beta={self.beta}, threshold={self.threshold}"


@LAYERS.register("PReLU")
class PReLU(Module):
    """The element where it is positive, and a learned share of it elsewhere.

    Args:
        num_parameters: 1, or as many as there are channels.
        init: the share at first.
        device: "cpu".
        dtype: element type of the weight, float32 when omitted.

    Shapes:
        Input and output of any shape, or (N, C, ...); weight (num_parameters,).

    Raises:
        RuntimeError: there are not as many shares as channels.
        RuntimeError: the element types differ.

    Source: He et al., "Delving deep into rectifiers", 2015, equation 1.

    Examples:
        >>> nn.PReLU()(torch.tensor([-2.0, 2.0])).detach()
        tensor([-0.5000,  2.0000])
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Begin with the share that there was at first."""
        constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """Return the number of shares."""
        return f"num_parameters={self.num_parameters}"
