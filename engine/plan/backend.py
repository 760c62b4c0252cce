"""A device that calculates nothing and writes down what it was asked for."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from nnkit.kernels.backend import Pair, Sliding, output_size
from nnkit.kernels.cpu import instructions as codes
from nnkit.kernels.layout import Array
from nnkit.plan.program import Memory, PlanProgram
from nnkit.plan.symbolic_numpy import SymbolicNumpy
from nnkit.plan.symbols import Labels, Symbol, UnplannableError


class PlanBackend:
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
        x = program.dense(program.images(x))
        sizes = (output_size(x.shape[2 + i], weight.shape[2 + i], sliding, i) for i in (0, 1))
        result = program.new((weight.shape[0], *sizes))
        shapes = (x.inner, weight.shape, result.inner)
        operands = (program.operand(x), program.kernels(weight), _bias(program, bias), program.operand(result))
        program.convolution(*operands, shapes, sliding)
        return result

    def convolution_input_gradient(
        self,
        grad: Symbol,
        weight: Symbol,
        shape: tuple[int, ...],
        sliding: Sliding,
        groups: int,
        out: None = None,
    ) -> Symbol:
        """See `Backend.convolution_input_gradient`."""
        program = self.program
        grad = program.dense(grad)
        result = program.new(shape[1:])
        operands = (program.operand(grad), program.kernels(weight), program.operand(result))
        program.convolution_input_gradient(*operands, (grad.inner, weight.shape, result.inner), sliding)
        return result

    def convolution_weight_gradient(
        self, grad: Symbol, x: Symbol, kernel_size: Pair, sliding: Sliding, groups: int, out: None = None
    ) -> Symbol:
        """See `Backend.convolution_weight_gradient`."""
        program = self.program
        grad, x = program.dense(grad), program.dense(program.images(x))
        result = program.new_sum((grad.shape[1], x.shape[1] // groups, *kernel_size))
        operands = (program.operand(grad), program.operand(x), program.operand(result))
        program.convolution_weight_gradient(*operands, (grad.inner, x.inner, result.shape), sliding)
        return result

    def channel_sums(self, grad: Symbol) -> Symbol:
        """See `Backend.channel_sums`."""
        return self.program.sum_of_images(grad, (0, 2, 3), keepdims=False)

    def product(self, x: Any, weight: Any, bias: Any, out: None = None) -> Symbol:
        """See `Backend.product`."""
        program = self.program
        x = program.dense(program.images(x))
        if not isinstance(weight, Symbol):
            raise UnplannableError("a product with an array of constants")
        channels, rows = weight.shape
        result = program.new((rows,))
        operands = (program.operand(x), program.matrix(weight), _bias(program, bias), program.operand(result))
        program.product(*operands, channels, rows)
        return result

    def product_transposed(self, grad: Symbol, x: Any, out: None = None) -> Symbol:
        """See `Backend.product_transposed`."""
        program = self.program
        grad, x = program.dense(grad), program.dense(program.images(x))
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

    def max_pool(
        self, x: Symbol, shape: Pair, kernel_size: Pair, sliding: Sliding, out: None = None
    ) -> tuple[Symbol, Symbol]:
        """See `Backend.max_pool`."""
        program = self.program
        x = program.dense(program.images(x))
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
        grad = program.dense(grad)
        result = program.new(shape[1:])
        operands = (program.operand(grad), program.operand(taps), program.operand(result))
        program.max_pool_gradient(*operands, (result.inner, grad.inner), kernel_size, sliding)
        return result

    def log_softmax(self, a: Symbol, axis: int | None) -> Symbol:
        """See `Backend.log_softmax`."""
        if (a.ndim, axis) != (2, 1):
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
        source = program.dense(log_probabilities)
        losses = program.new(())
        operands = {"input": program.operand(source), "result": program.operand(losses)}
        program.add(codes.NLL_LOSS, **operands, labels=target.operand)
        if weight is None:
            return losses, None
        if weight.memory.array is None:
            raise UnplannableError("weights of classes that are calculated")
        factors = program.external(())
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


def _bias(program: PlanProgram, bias: Any) -> int:
    """Return the operand of one number for each channel, the same for all images."""
    if bias is None:
        return 0
    if not isinstance(bias, Symbol) or bias.memory.of_images or not bias.is_contiguous:
        raise UnplannableError("a bias that is no parameter, or not one number after the other")
    return program.operand(bias)
