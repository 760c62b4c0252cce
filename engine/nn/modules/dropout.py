"""Dropout.

Source: Hinton et al., "Improving neural networks by preventing co-adaptation of feature detectors", 2012.
"""

from __future__ import annotations

from nnkit.nn import functional_dropout as F
from nnkit.nn.modules.module import Module
from nnkit.nn.registry import LAYERS
from nnkit.tensors import Tensor


class _DropoutNd(Module):
    """What the kinds of dropout have in common; they differ in what is zeroed together."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        F.check_probability(p)
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        """Return the settings."""
        return f"p={self.p}, inplace={self.inplace}"


@LAYERS.register("Dropout")
class Dropout(_DropoutNd):
    """In training, zero each element with probability p and divide the others by 1 - p; else the identity.

    Args:
        p: the probability of zero.
        inplace: write the result over the input.

    Shapes:
        Input and output of any shape.

    Raises:
        ValueError: `p` is not between 0 and 1.

    Source: Hinton et al., "Improving neural networks by preventing co-adaptation of feature detectors", 2012.

    Examples:
        >>> layer = nn.Dropout(0.25)
        >>> layer
        Dropout(p=0.25, inplace=False)
        >>> layer.eval()(torch.ones(2))
        tensor([1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.dropout(input, self.p, self.training, self.inplace)


@LAYERS.register("Dropout1d")
class Dropout1d(_DropoutNd):
    """In training, zero each channel of each example with probability p and divide the others by 1 - p.

    Args:
        p: the probability of zero.
        inplace: write the result over the input.

    Shapes:
        Input and output (N, C, L) or (C, L).

    Raises:
        ValueError: `p` is not between 0 and 1.
        RuntimeError: another number of dimensions.

    Source: Tompson et al., "Efficient object localization using convolutional networks", 2015, section 3.2.

    Examples:
        >>> nn.Dropout1d(1.0)(torch.ones(1, 2, 3))
        tensor([[[0., 0., 0.],
                 [0., 0., 0.]]])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.dropout1d(input, self.p, self.training, self.inplace)


@LAYERS.register("Dropout2d")
class Dropout2d(_DropoutNd):
    """In training, zero each channel of each image with probability p and divide the others by 1 - p.

    Args:
        p: the probability of zero.
        inplace: write the result over the input.

    Shapes:
        Input and output (N, C, H, W).

    Raises:
        ValueError: `p` is not between 0 and 1.

    Source: Tompson et al., "Efficient object localization using convolutional networks", 2015, section 3.2.

    Examples:
        >>> nn.Dropout2d()(torch.ones(4, 2, 5, 5)).shape
        torch.Size([4, 2, 5, 5])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        return F.dropout2d(input, self.p, self.training, self.inplace)
