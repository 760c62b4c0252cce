"""Batch normalization.

Source: Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
shift", 2015, algorithms 1 and 2.
"""

from __future__ import annotations

from typing import Any, ClassVar

from nnkit.dtypes import dtype as DType
from nnkit.dtypes import int64
from nnkit.nn import init
from nnkit.nn.functional_normalization import followed_batch_norm
from nnkit.nn.modules.module import Module
from nnkit.nn.parameter import Parameter
from nnkit.nn.registry import LAYERS
from nnkit.tensors import Tensor, empty, ones, tensor, zeros


class _BatchNorm(Module):
    """What the batch normalizations have in common; they differ in the inputs that they take."""

    # What `state_dict` says: since the second version there is `num_batches_tracked`.
    _version = 2
    _dimensions: ClassVar[tuple[int, ...]] = ()

    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None
    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name, given in (("weight", affine), ("bias", affine and bias)):
            made = Parameter(empty(num_features, device=device, dtype=dtype)) if given else None
            self.register_parameter(name, made)
        if track_running_stats:
            self.register_buffer("running_mean", zeros(num_features, device=device, dtype=dtype))
            self.register_buffer("running_var", ones(num_features, device=device, dtype=dtype))
            self.register_buffer("num_batches_tracked", tensor(0, device=device, dtype=int64))
        else:
            for name in ("running_mean", "running_var", "num_batches_tracked"):
                self.register_buffer(name, None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the batches: mean 0, variance 1, and none seen."""
        if self.running_mean is not None:
            self.running_mean.zero_()
        if self.running_var is not None:
            self.running_var.fill_(1)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Begin with the weight 1 and the bias 0, and forget the batches."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        if input.dim() not in self._dimensions:
            expected = " or ".join(f"{dimensions}D" for dimensions in self._dimensions)
            raise ValueError(f"expected {expected} input (got {input.dim()}D input)")
        follows = self.training and self.track_running_stats
        used = not self.training or self.track_running_stats
        steps = self.num_batches_tracked if follows else None
        return followed_batch_norm(
            input,
            (self.running_mean if used else None, self.running_var if used else None, steps),
            (self.weight, self.bias),
            training=self.training or (self.running_mean is None and self.running_var is None),
            momentum=0.0 if self.momentum is None and steps is None else self.momentum,
            eps=self.eps,
        )

    def kept_by_older(self, version: int | None) -> tuple[str, ...]:
        """See `Module.kept_by_older`: the first version did not count the batches."""
        return ("num_batches_tracked",) if version is None or version < 2 else ()

    def extra_repr(self) -> str:
        """Return the settings."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


@LAYERS.register("BatchNorm1d")
class BatchNorm1d(_BatchNorm):
    """Gives each feature the mean 0 and the variance 1 over the batch, then scales and shifts it by learned numbers.

    In training it keeps running averages of mean and variance, with which it calculates in evaluation.

    Args:
        num_features: how many features there are, C.
        eps: added to the variance.
        momentum: the share that a batch has in the running statistics; None for the mean over all batches.
        affine: whether there are a weight and a bias.
        track_running_stats: False calculates with the statistics of the batch in evaluation, too.
        device: "cpu".
        dtype: element type of parameters and statistics, float32 when omitted.
        bias: whether there is a bias beside the weight.

    Shapes:
        Input and output (N, C) or (N, C, L); weight, bias, running_mean and running_var (C,).

    Raises:
        ValueError: another number of dimensions; or in training, one value for each feature.
        RuntimeError: another number of features.

    Source: Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
    shift", 2015, algorithms 1 and 2.

    Examples:
        >>> layer = nn.BatchNorm1d(1)
        >>> layer(torch.tensor([[1.0], [3.0]])).detach()
        tensor([[-1.0000],
                [ 1.0000]])
        >>> layer.running_mean, layer.running_var
        (tensor([0.2000]), tensor([1.1000]))
    """

    _dimensions = (2, 3)


@LAYERS.register("BatchNorm2d")
class BatchNorm2d(_BatchNorm):
    """Gives each channel the mean 0 and the variance 1 over batch and positions, then scales and shifts it.

    In training it keeps running averages of mean and variance, with which it calculates in evaluation.

    Args:
        num_features: how many channels there are, C.
        eps: added to the variance.
        momentum: the share that a batch has in the running statistics; None for the mean over all batches.
        affine: whether there are a weight and a bias.
        track_running_stats: False calculates with the statistics of the batch in evaluation, too.
        device: "cpu".
        dtype: element type of parameters and statistics, float32 when omitted.
        bias: whether there is a bias beside the weight.

    Shapes:
        Input and output (N, C, H, W); weight, bias, running_mean and running_var (C,).

    Raises:
        ValueError: another number of dimensions; or in training, one value for each channel.
        RuntimeError: another number of channels.

    Source: Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
    shift", 2015, section 3.2.

    Examples:
        >>> nn.BatchNorm2d(6)(torch.randn(4, 6, 5, 5)).shape
        torch.Size([4, 6, 5, 5])
        >>> nn.BatchNorm2d(6)
        BatchNorm2d(6, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
    """

    _dimensions = (4,)
