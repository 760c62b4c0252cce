"""The gradients of layers with weights, for backends that calculate them one after the other."""

from __future__ import annotations

from nnkit.kernels.backend import Backend, Needs, Pair, Sliding, ThreeGradients
from nnkit.kernels.layout import Array


class LayerGradients:
    """See `nnkit.kernels.backend.Backend`, of whose other methods these two are made."""

    def convolution_gradients(
        self: Backend,
        grad: Array,
        x: Array | None,
        weight: Array | None,
        shape: tuple[int, ...],
        kernel_size: Pair,
        sliding: Sliding,
        groups: int,
        needs: Needs,
    ) -> ThreeGradients:
        """See `Backend.convolution_gradients`."""
        by_x = None if weight is None else self.transposed_convolution(grad, weight, None, shape, sliding, groups)
        by_weight = None if x is None else self.convolution_weight_gradient(grad, x, kernel_size, sliding, groups)
        return by_x, by_weight, self.channel_sums(grad) if needs[2] else None

    def product_gradients(
        self: Backend, grad: Array, x: Array | None, weight: Array | None, needs: Needs
    ) -> ThreeGradients:
        """See `Backend.product_gradients`."""
        by_x = None if weight is None else self.product(grad, weight.T, None)
        by_weight = None if x is None else self.product_transposed(grad, x)
        return by_x, by_weight, self.channel_sums(grad) if needs[2] else None
