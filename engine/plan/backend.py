"""A device that calculates nothing and writes down what it was asked for."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from nnkit.kernels.backend import AverageWindow, Border, Pair, Sliding, output_size, padded_size
from nnkit.kernels.cpu import instructions as codes
from nnkit.kernels.cpu.program import Affine
from nnkit.kernels.layer_gradients import LayerGradients
from nnkit.kernels.layout import Array
from nnkit.plan.integers import Counter, Labels, UnplannableError
from nnkit.plan.memory import Memory
from nnkit.plan.program import PlanProgram
from nnkit.plan.symbolic_numpy import SymbolicNumpy
from nnkit.plan.symbols import Rows, Symbol


class PlanBackend(LayerGradients):
    """See `nnkit.kernels.backend.Backend`: the same methods on symbols, which append to a program."""

    def __init__(self, program: PlanProgram) -> None:
        self.program = program
        self.xp: Any = SymbolicNumpy()
        # What each run begins with: values of the images, and what makes them.
        self.remade: list[tuple[Symbol, partial[Array]]] = []

    def convolution(self, x: Any, weight: Any, bias: Any, sliding: Sliding, groups: int, out: None = None) -> Symbol:
        """See `Backend.convolution`."""
        program = self.program
        if not isinstance(weight, Symbol):
            raise UnplannableError("a convolution with an array of constants")
        x = program.dense_images(x)
        sizes = (output_size(x.shape[2 + i], weight.shape[2 + i], sliding, i) for i in (0, 1))
        result = program.new((weight.shape[0], *sizes))
        shapes = (x.inner, weight.shape, result.inner)
        operands = (program.operand(x), program.kernels(weight), _by_channel(program, bias), program.operand(result))
        program.convolution(*operands, shapes, sliding)
        return result

    def transposed_convolution(
        self,
        x: Any,
        weight: Any,
        bias: Any,
        shape: tuple[int, ...],
        sliding: Sliding,
        groups: int,
        out: None = None,
    ) -> Symbol:
        """See `Backend.transposed_convolution`."""
        program = self.program
        if not isinstance(weight, Symbol):
            raise UnplannableError("a convolution with an array of constants")
        x = program.dense_images(x)
        result = program.new(shape[1:])
        shapes = (x.inner, weight.shape, result.inner)
        operands = (program.operand(x), program.kernels(weight), _by_channel(program, bias), program.operand(result))
        program.transposed_convolution(*operands, shapes, sliding)
        return result

    def convolution_weight_gradient(
        self, grad: Symbol, x: Symbol, kernel_size: Pair, sliding: Sliding, groups: int, out: None = None
    ) -> Symbol:
        """See `Backend.convolution_weight_gradient`."""
        program = self.program
        grad, x = program.dense_images(grad), program.dense_images(x)
        result = program.new_sum((grad.shape[1], x.shape[1] // groups, *kernel_size))
        operands = (program.operand(grad), program.operand(x), program.operand(result))
        program.convolution_weight_gradient(*operands, (grad.inner, x.inner, result.shape), sliding)
        return result

    def channel_sums(self, grad: Any) -> Symbol:
        """See `Backend.channel_sums`."""
        total: Symbol = self.xp.sum(grad, axis=(0, *range(2, grad.ndim)))
        return total

    def product(self, x: Any, weight: Any, bias: Any, out: None = None) -> Any:
        """See `Backend.product`."""
        if isinstance(x, Rows):
            return x.map(lambda part: self.product(part, weight, bias))
        program = self.program
        x = program.dense_images(x)
        if not isinstance(weight, Symbol):
            raise UnplannableError("a product with an array of constants")
        channels, rows = weight.shape
        result = program.new((rows,))
        operands = (program.operand(x), program.matrix(weight), _by_channel(program, bias), program.operand(result))
        program.product(*operands, channels, rows)
        return result

    def product_transposed(self, grad: Any, x: Any, out: None = None) -> Symbol:
        """See `Backend.product_transposed`."""
        if isinstance(grad, Rows):
            pairs = zip(grad.parts, x.parts, strict=True)
            return functools.reduce(operator.add, (self.product_transposed(*pair) for pair in pairs))
        program = self.program
        grad, x = program.dense_images(grad), program.dense_images(x)
        channels, rows = x.shape[1], grad.shape[1]
        memory = Memory(channels * rows, of_images=False, is_sum=True)
        result = Symbol(program, memory, (channels, rows), 0, (1, channels))
        operands = (program.operand(grad), program.operand(x), program.operand(result))
        program.product_weight_gradient(*operands, channels, rows)
        return result

    def relu_gradient(self, grad: Symbol, result: Symbol, out: None = None) -> Symbol:
        """See `Backend.relu_gradient`."""
        return self.program.binary(codes.RELU_GRADIENT, grad, result)

    def relu(self, a: Symbol) -> Symbol:
        """See `Backend.relu`."""
        return self.program.unary(codes.RELU, a)

    def tanh_gradient(self, grad: Symbol, result: Symbol) -> Symbol:
        """See `Backend.tanh_gradient`."""
        return self.program.binary(codes.TANH_GRADIENT, grad, result)

    def sigmoid(self, a: Symbol) -> Symbol:
        """See `Backend.sigmoid`."""
        return self.program.unary(codes.SIGMOID, a)

    def erf(self, a: Symbol) -> Symbol:
        """See `Backend.erf`."""
        return self.program.unary(codes.ERROR_FUNCTION, a)

    def sigmoid_gradient(self, grad: Symbol, result: Symbol) -> Symbol:
        """See `Backend.sigmoid_gradient`."""
        return self.program.binary(codes.SIGMOID_GRADIENT, grad, result)

    def lstm_cell(self, inputs: Any, recurrent: Any, cell: Any) -> tuple[Symbol, Symbol]:
        """See `Backend.lstm_cell`."""
        program = self.program
        inputs, recurrent, cell = (program.dense_images(each) for each in (inputs, recurrent, cell))
        hidden, state = (program.new((count * cell.count,)) for count in (1, 6))
        names = ("input", "other", "bias", "result", "scratch")
        operands = (program.operand(each) for each in (inputs, recurrent, cell, hidden, state))
        program.add(codes.LSTM_CELL, **dict(zip(names, operands, strict=True)), length=cell.count)
        return hidden, state

    def lstm_cell_gradient(self, grad_hidden: Any, grad_cell: Any, state: Symbol, cell: Any) -> Symbol:
        """See `Backend.lstm_cell_gradient`."""
        program = self.program
        given = [None if each is None else program.dense_images(each) for each in (grad_hidden, grad_cell)]
        cell = program.dense_images(cell)
        result = program.new((5 * cell.count,))
        names = ("input", "other", "bias", "result", "scratch")
        operands = (program.operand(each) for each in (*given, cell, result, state))
        program.add(codes.LSTM_CELL_GRADIENT, **dict(zip(names, operands, strict=True)), length=cell.count)
        return result

    def embed(self, a: Any, shape: tuple[int, ...], key: tuple[Any, ...]) -> Symbol:
        """See `Backend.embed`."""
        program = self.program
        if not isinstance(a, Symbol) or not a.memory.of_images:
            raise UnplannableError("a part of a parameter")
        kept = [axis for axis, item in enumerate(key) if not isinstance(item, int)] + [*range(len(key), len(shape))]
        batch_axis = kept[a.batch_axis]
        result = program.filled(shape[:batch_axis] + shape[batch_axis + 1 :], 0.0, batch_axis)
        program.write(a, result[key])
        return result

    def max_pool(
        self, x: Symbol, shape: Pair, kernel_size: Pair, sliding: Sliding, out: None = None
    ) -> tuple[Symbol, Symbol]:
        """See `Backend.max_pool`."""
        program = self.program
        x = program.dense_images(x)
        values, taps = (program.new((x.shape[1], *shape)) for _ in range(2))
        operands = (program.operand(x), program.operand(values), program.operand(taps))
        program.max_pool(*operands, (x.inner, values.inner), kernel_size, sliding)
        return values, taps

    def max_pool_gradient(
        self,
        grad: Symbol,
        taps: Symbol,
        shape: tuple[int, ...],
        kernel_size: Pair,
        sliding: Sliding,
        out: None = None,
    ) -> Symbol:
        """See `Backend.max_pool_gradient`."""
        program = self.program
        grad = program.dense_images(grad)
        result = program.new(shape[1:])
        operands = (program.operand(grad), program.operand(taps), program.operand(result))
        program.max_pool_gradient(*operands, (result.inner, grad.inner), kernel_size, sliding)
        return result

    def average_pool(self, x: Any, shape: Pair, window: AverageWindow | None, out: None = None) -> Symbol:
        """See `Backend.average_pool`."""
        program = self.program
        x = program.dense(program.images(x))
        result = program.new((x.shape[1], *shape))
        program.average_pool(program.operand(x), program.operand(result), (x.inner, result.inner), window)
        return result

    def average_pool_gradient(
        self, grad: Symbol, shape: tuple[int, ...], window: AverageWindow | None, out: None = None
    ) -> Symbol:
        """See `Backend.average_pool_gradient`."""
        program = self.program
        grad = program.dense(grad)
        result = program.new(shape[1:])
        program.average_pool_gradient(
            program.operand(grad), program.operand(result), (result.inner, grad.inner), window
        )
        return result

    def pad(self, x: Any, border: Border, out: None = None) -> Symbol:
        """See `Backend.pad`."""
        program = self.program
        x = program.dense(program.images(x))
        result = program.new((x.shape[1], *padded_size(x.shape, border)))
        program.pad(program.operand(x), program.operand(result), x.inner, border)
        return result

    def pad_gradient(self, grad: Symbol, shape: tuple[int, ...], border: Border, out: None = None) -> Symbol:
        """See `Backend.pad_gradient`."""
        program = self.program
        grad = program.dense(grad)
        result = program.new(shape[1:])
        program.pad_gradient(program.operand(grad), program.operand(result), result.inner, border)
        return result

    def channel_moments(self, x: Any) -> tuple[Symbol, Symbol]:
        """See `Backend.channel_moments`."""
        program = self.program
        x = program.dense_images(x)
        channels = x.shape[1]
        memory = Memory(2 * channels, of_images=False)
        program.channel_moments(program.operand(x), program.operand_in(memory), channels, x.count)
        return Symbol(program, memory, (channels,)), Symbol(program, memory, (channels,), channels)

    def follow(self, average: Any, value: Symbol, share: float, steps: Counter | None, factor: float) -> None:
        """See `Backend.follow`."""
        program = self.program
        program.add(
            codes.FOLLOW,
            input=program.operand(value),
            result=_by_channel(program, average),
            labels=0 if steps is None else steps.operand,
            length=value.size,
            scalar=share,
            other_scalar=factor,
        )

    def count(self, steps: Counter) -> None:
        """See `Backend.count`."""
        self.program.add(codes.COUNT, labels=steps.operand)

    def normalization(self, x: Any, mean: Any, variance: Any, weight: Any, bias: Any, eps: float) -> Symbol:
        """See `Backend.normalization`."""
        program = self.program
        x = program.dense_images(x)
        result = program.new(x.inner)
        statistics = (_by_channel(program, mean), _by_channel(program, variance))
        affine = Affine(*statistics, _by_channel(program, weight), _by_channel(program, bias), eps)
        program.normalization(program.operand(x), program.operand(result), affine, x.shape[1], x.count)
        return result

    def normalization_gradients(
        self,
        grad: Symbol,
        x: Any,
        statistics: tuple[Any, Any],
        weight: Any,
        eps: float,
        needs: tuple[bool, bool, bool],
        *,
        of_batch: bool,
    ) -> tuple[Symbol | None, ...]:
        """See `Backend.normalization_gradients`."""
        program = self.program
        grad, x = program.dense_images(grad), program.dense_images(x)
        channels, operands = x.shape[1], (program.operand(grad), program.operand(x))
        mean, variance, factors = (_by_channel(program, each) for each in (*statistics, weight))
        affine = Affine(mean, variance, factors, bias=0, eps=eps)
        gradients, totals = [program.new_sum((channels,)) if need else None for need in needs[1:]], 0
        if needs[1] or needs[2] or (needs[0] and of_batch):
            partial = program.normalization_sums(*operands, affine, channels, x.count)
            totals = self._totals(partial, gradients, channels)
        if not needs[0]:
            return None, *gradients
        result = program.new(x.inner)
        program.normalization_input_gradient(
            *operands, program.operand(result), affine, totals if of_batch else 0, channels, x.count, program.batch
        )
        return result, *gradients

    def _totals(self, partial: int, gradients: Sequence[Symbol | None], channels: int) -> int:
        """Return the operand of the sums of what blocks have left, each added to a gradient that needs it."""
        program = self.program
        memory, totals = program.operands[partial][0], Memory(2 * channels, of_images=False)
        for number, gradient in enumerate(gradients):
            program.add(
                codes.ADD_BLOCKS,
                input=program.operand_in(memory, number * channels),
                scratch=program.operand_in(totals, number * channels),
                result=program.operand(gradient),
                length=channels,
                other_distance=2 * channels,
            )
        return program.operand_in(totals)

    def log_softmax(self, a: Symbol, axis: int | None) -> Symbol:
        """See `Backend.log_softmax`."""
        if (a.ndim, a.batch_axis, axis) != (2, 0, 1):
            raise UnplannableError("a softmax that is not over the classes (N, C)")
        return self.program.unary(codes.LOG_SOFTMAX, a)

    def log_softmax_gradient(self, grad: Symbol, result: Symbol, axis: int | None) -> Symbol:
        """See `Backend.log_softmax_gradient`."""
        return self.program.binary(codes.LOG_SOFTMAX_GRADIENT, grad, result)

    def nll_loss(
        self, log_probabilities: Symbol, target: Any, weight: Symbol | None, ignore_index: int, mean: bool
    ) -> tuple[Symbol, Symbol | None]:
        """See `Backend.nll_loss`; a replay has labels that are all classes, and none is ignored."""
        if not isinstance(target, Labels) or ignore_index >= 0:
            raise UnplannableError("a loss whose targets are not the labels, or are ignored")
        program = self.program
        target.classes = min(target.classes, log_probabilities.shape[1])
        source = program.dense_images(log_probabilities)
        losses = program.new(())
        operands = {"input": program.operand(source), "result": program.operand(losses)}
        program.add(codes.NLL_LOSS, **operands, labels=target.operand)
        if weight is None:
            return losses, None
        if weight.memory.array is None:
            raise UnplannableError("weights of classes that are calculated")
        factors = program.external(target.shape)
        # How much the weights of all labels are together is not known to a block of images.
        self.remade.append((factors, partial(_weights_of, weight.memory.array, target.array, mean)))
        return losses * factors, factors

    def nll_loss_gradient(
        self, target: Any, factors: Symbol | None, share: Any, shape: tuple[int, ...], ignore_index: int
    ) -> Symbol:
        """See `Backend.nll_loss_gradient`."""
        if not isinstance(target, Labels):
            raise UnplannableError("a loss whose targets are not the labels")
        program = self.program
        result = program.new(shape[1:])
        fields = {"result": program.operand(result), "labels": target.operand}
        each = np.ndim(share) > 0
        program.add(codes.NLL_LOSS_GRADIENT, **fields, length=result.count, scalar=1.0 if each else float(share))
        for factor in (factors, program.images(share) if each else None):
            if factor is not None:
                result = result * factor.reshape((*factor.shape, 1))
        return result


def _weights_of(weight: Array, labels: Array, mean: bool) -> Array:
    """Return the weight of each label, for a mean as a share of all."""
    factors: Array = weight[labels]
    return factors / np.sum(factors) if mean else factors


def _by_channel(program: PlanProgram, values: Any) -> int:
    """Return the operand of one number for each channel, the same for all images; 0 for none."""
    if values is None:
        return 0
    if not isinstance(values, Symbol) or values.memory.of_images or not values.is_contiguous:
        raise UnplannableError("a bias that is no parameter, or not one number after the other")
    return program.operand(values)
