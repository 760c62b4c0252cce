"""The part of the CPU that normalizes batches."""

from __future__ import annotations

import numpy as np

from nnkit.kernels.cpu import eager_programs
from nnkit.kernels.cpu.arrays import as_blocks
from nnkit.kernels.layout import Array, blocks_for, from_blocks
from nnkit.kernels.memory import aligned


class BatchStatistics:
    """See `nnkit.kernels.backend.Backend`, of which this has the methods for batch normalization."""

    def channel_moments(self, x: Array) -> tuple[Array, Array]:
        """See `Backend.channel_moments`."""
        moments = aligned((2, x.shape[1]), x.dtype)
        eager_programs.channel_moments(x.shape[1:], len(x), x.dtype).run(as_blocks(x), moments)
        return moments[0], moments[1]

    def follow(self, average: Array, value: Array, share: float, steps: Array | None, factor: float) -> None:
        """See `Backend.follow`."""
        if steps is not None:
            share = 1 / steps.item()
        average[...] = (1 - share) * average.astype(np.float64) + share * factor * value.astype(np.float64)

    def count(self, steps: Array) -> None:
        """See `Backend.count`."""
        steps += 1

    def normalization(
        self, x: Array, mean: Array, variance: Array, weight: Array | None, bias: Array | None, eps: float
    ) -> Array:
        """See `Backend.normalization`."""
        result = blocks_for(x.shape, x.dtype, None)
        program = eager_programs.normalization(x.shape[1:], weight is not None, bias is not None, eps, len(x), x.dtype)
        given = [np.ascontiguousarray(each) for each in (mean, variance, weight, bias) if each is not None]
        program.run(as_blocks(x), *given, result)
        return from_blocks(result, len(x))

    def normalization_gradients(
        self,
        grad: Array,
        x: Array,
        statistics: tuple[Array, Array],
        weight: Array | None,
        eps: float,
        needs: tuple[bool, bool, bool],
        *,
        of_batch: bool,
    ) -> tuple[Array | None, Array | None, Array | None]:
        """See `Backend.normalization_gradients`."""
        kind, size, shape = x.dtype, len(x), x.shape[1:]
        arrays = [as_blocks(grad), as_blocks(x), *(np.ascontiguousarray(each) for each in statistics)]
        sums, result = aligned((2, shape[0]), kind), None
        if needs[1] or needs[2] or (needs[0] and of_batch):
            eager_programs.normalization_sums(shape, eps, size, kind).run(*arrays, sums)
        if needs[0]:
            given = [*([] if weight is None else [np.ascontiguousarray(weight)]), *([sums] if of_batch else [])]
            target = blocks_for(x.shape, kind, None)
            program = eager_programs.normalization_input_gradient(shape, weight is not None, of_batch, eps, size, kind)
            program.run(*arrays, *given, target)
            result = from_blocks(target, size)
        return result, sums[0] if needs[1] else None, sums[1] if needs[2] else None
