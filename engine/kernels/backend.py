"""What a device must provide so that operations run on it unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from nnkit.kernels.layout import Array
from nnkit.kernels.updates import Update, Updates

Pair = tuple[int, int]


class Sliding(NamedTuple):
    """How a window moves over an image, as (vertical, horizontal): its steps, the border, and its own spacing."""

    stride: Pair
    padding: Pair
    dilation: Pair


class AverageWindow(NamedTuple):
    """What an average pooling adds up, and what it divides the sum by.

    Attributes:
        size: height and width.
        sliding: how it moves; without dilation.
        counts_border: whether elements of the border count.
        divisor: what to divide by instead of the number of elements, if it is not 0.
    """

    size: Pair
    sliding: Sliding
    counts_border: bool
    divisor: int


class Border(NamedTuple):
    """What is put around images: so many rows and columns, fewer than 0 to cut some off, and what stands there.

    Attributes:
        rows: how many above and below.
        columns: how many to the left and right.
        mode: "constant", "reflect", "replicate" or "circular".
        value: the constant.
    """

    rows: Pair
    columns: Pair
    mode: str = "constant"
    value: float = 0.0


class Pixels(NamedTuple):
    """Images as bytes (M, H, W), which of them are meant (N,), and what `Backend.gather` makes of those."""

    images: Array
    places: Array
    mean: float
    std: float
    size: Pair


# Whether the gradients of a layer's input, weight and bias are needed; and these gradients, None for others.
Needs = tuple[bool, bool, bool]
ThreeGradients = tuple[Array | None, Array | None, Array | None]


def output_size(size: int, kernel_size: int, sliding: Sliding, axis: int) -> int:
    """Return how many places a window has along an axis (0 vertical, 1 horizontal) of `size` elements."""
    reach = sliding.dilation[axis] * (kernel_size - 1) + 1
    return (size + 2 * sliding.padding[axis] - reach) // sliding.stride[axis] + 1


def padded_size(shape: Sequence[int], border: Border) -> Pair:
    """Return the height and width of images of a shape (..., H, W) with a border."""
    height, width = shape[-2:]
    return height + sum(border.rows), width + sum(border.columns)


class Backend(Protocol):
    """The calculations of one device.

    Operations are written against this and never against a device. `xp` has NumPy's vocabulary (element by
    element, reductions, creation) for arrays of the device; the heavy kernels are methods. They take and
    return arrays whose first axis is the batch, in any strides, and choose the memory layout themselves.

    Each kernel can write into given memory: an array `out` of the result's shape and type, which overlaps no
    argument, is written to and returned. For results with a batch it is laid out as `empty_batch_last` does,
    and the images that fill up its last block are written to as well. `convolution_weight_gradient` expects it
    C-contiguous, `product_transposed` its transpose, and `relu_gradient` takes any strides, those of the
    result of the ReLU without a further pass. Anything else is a ValueError.
    """

    xp: Any

    def convolution(
        self,
        x: Array,
        weight: Array,
        bias: Array | None,
        sliding: Sliding,
        groups: int,
        out: Array | None = None,
    ) -> Array:
        """Return the correlation of x (N, C, H, W) with weight (O, C / groups, kH, kW), plus bias (O,)."""

    def transposed_convolution(
        self,
        x: Array,
        weight: Array,
        bias: Array | None,
        shape: tuple[int, ...],
        sliding: Sliding,
        groups: int,
        out: Array | None = None,
    ) -> Array:
        """Return what the gradient of a convolution's input of `shape` is where x (N, O, H', W') is that of its result.

        It has the shape (N, C, H, W), and each of its channels plus bias (C,).
        """

    def convolution_weight_gradient(
        self,
        grad: Array,
        x: Array,
        kernel_size: Pair,
        sliding: Sliding,
        groups: int,
        out: Array | None = None,
    ) -> Array:
        """Return the gradient of the weight, given grad (N, O, H', W') and the input x (N, C, H, W)."""

    def channel_sums(self, grad: Array) -> Array:
        """Return the sum (O,) of grad (N, O, ...) over all images and positions: the gradient of a bias."""

    def convolution_gradients(
        self,
        grad: Array,
        x: Array | None,
        weight: Array | None,
        shape: tuple[int, ...],
        kernel_size: Pair,
        sliding: Sliding,
        groups: int,
        needs: Needs,
    ) -> ThreeGradients:
        """Return the gradients of the input of `shape`, the weight and the bias of a convolution, where needed.

        Of the input and the weight each is given if the gradient of the other is needed, and None otherwise.
        """

    def product_gradients(self, grad: Array, x: Array | None, weight: Array | None, needs: Needs) -> ThreeGradients:
        """Return the gradients of x, weight and bias of a `product`, where needed; None as above."""

    def product(self, x: Array, weight: Array, bias: Array | None, out: Array | None = None) -> Array:
        """Return x (N, I) times weight (I, O), plus bias (O,)."""

    def product_transposed(self, grad: Array, x: Array, out: Array | None = None) -> Array:
        """Return the transpose of x (N, I) times grad (N, O): the gradient (I, O) of the weight of `product`."""

    def relu_gradient(self, grad: Array, result: Array, out: Array | None = None) -> Array:
        """Return the gradient where the result of a ReLU is not 0, and 0 elsewhere."""

    def relu(self, a: Array) -> Array:
        """Return the greater of each element and 0; NaN comes through."""

    def tanh_gradient(self, grad: Array, result: Array) -> Array:
        """Return the gradient of the input of a hyperbolic tangent, given its result."""

    def sigmoid(self, a: Array) -> Array:
        """Return 1 / (1 + exp(-a)), without overflow."""

    def sigmoid_gradient(self, grad: Array, result: Array) -> Array:
        """Return the gradient of the input of a sigmoid, given its result."""

    def erf(self, a: Array) -> Array:
        """Return the error function, the integral of 2 / sqrt(pi) * exp(-t^2) from 0 to a."""

    def lstm_cell(self, inputs: Array, recurrent: Array, cell: Array) -> tuple[Array, Array]:
        """Return the next hidden state (N, H) of an LSTM, and what `lstm_cell_gradient` needs.

        The latter (N, 6 H) are the gates i, f, g and o, the next cell state and its hyperbolic tangent. The gates are
        made of the sum of `inputs` and `recurrent`, both (N, 4 H); `cell` (N, H) is the cell state so far.
        """

    def lstm_cell_gradient(
        self, grad_hidden: Array | None, grad_cell: Array | None, state: Array, cell: Array
    ) -> Array:
        """Return the gradients (N, 5 H) of `inputs`, which are those of `recurrent`, and of `cell`.

        The gradients (N, H) of the next hidden and cell states are given, or None where nothing depends on them.
        """

    def embed(self, a: Array, shape: tuple[int, ...], key: tuple[Any, ...]) -> Array:
        """Return zeros of `shape` with `a` at `key`, which is made of numbers and slices."""

    def log_softmax(self, a: Array, axis: int | None) -> Array:
        """Return the logarithm of exp(a) divided by its sum along the axis, without overflow."""

    def log_softmax_gradient(self, grad: Array, result: Array, axis: int | None) -> Array:
        """Return the gradient of the input of `log_softmax`, given its result."""

    def nll_loss(
        self, log_probabilities: Array, target: Array, weight: Array | None, ignore_index: int, mean: bool
    ) -> tuple[Array, Array | None]:
        """Return minus the log probabilities (N, C) of the targets (N,), times their factors, and the factors.

        A factor is the weight (C,) of the target, or 0 where the target is `ignore_index`, for a mean divided by the
        sum of all; None is 1 for all.

        Raises:
            IndexError: another target is not a class.
        """

    def nll_loss_gradient(
        self, target: Array, factors: Array | None, share: Array, shape: tuple[int, ...], ignore_index: int
    ) -> Array:
        """Return the gradient of the log probabilities of `shape`, given that of each loss or of all of them."""

    def max_pool(
        self,
        x: Array,
        shape: Pair,
        kernel_size: Pair,
        sliding: Sliding,
        out: tuple[Array, Array] | None = None,
    ) -> tuple[Array, Array]:
        """Return the maxima (N, C, *shape) of x (N, C, H, W), and which element of its window each one is."""

    def max_pool_gradient(
        self,
        grad: Array,
        taps: Array,
        shape: tuple[int, ...],
        kernel_size: Pair,
        sliding: Sliding,
        out: Array | None = None,
    ) -> Array:
        """Return the gradient of the input of `shape`, given grad and the elements that `max_pool` named."""

    def average_pool(self, x: Array, shape: Pair, window: AverageWindow | None, out: Array | None = None) -> Array:
        """Return the averages (N, C, *shape) of x (N, C, H, W); without a window each image is covered evenly."""

    def average_pool_gradient(
        self, grad: Array, shape: tuple[int, ...], window: AverageWindow | None, out: Array | None = None
    ) -> Array:
        """Return the gradient of the input of `shape`, given that of what `average_pool` returns."""

    def pad(self, x: Array, border: Border, out: Array | None = None) -> Array:
        """Return x (N, C, H, W) with a border."""

    def pad_gradient(self, grad: Array, shape: tuple[int, ...], border: Border, out: Array | None = None) -> Array:
        """Return the gradient of the input of `shape`, given that of what `pad` returns, of any mode but "constant"."""

    def channel_moments(self, x: Array) -> tuple[Array, Array]:
        """Return the mean and the variance (C,), without correction, of x (N, C, ...) over images and positions."""

    def follow(self, average: Array, value: Array, share: float, steps: Array | None, factor: float) -> None:
        """Move an average (C,) towards a value times a factor, by this share or by 1 / steps, an int64."""

    def count(self, steps: Array) -> None:
        """Add 1 to a number of type int64."""

    def normalization(
        self, x: Array, mean: Array, variance: Array, weight: Array | None, bias: Array | None, eps: float
    ) -> Array:
        """Return (x - mean) / sqrt(variance + eps) * weight + bias of x (N, C, ...), all others (C,)."""

    def normalization_gradients(
        self,
        grad: Array,
        x: Array,
        statistics: tuple[Array, Array],
        weight: Array | None,
        eps: float,
        needs: Needs,
        *,
        of_batch: bool,
    ) -> ThreeGradients:
        """Return the gradients of x, weight and bias of a `normalization`, as far as they are needed.

        Statistics `of_batch` are those of x and change with it; others are constants.
        """

    def gather(
        self, images: Array, indices: Array, mean: float, std: float, size: Pair, out: Array | None = None
    ) -> Array:
        """Return `(images[indices] / 255 - mean) / std` as float32 (n, 1, *size), each image in the middle.

        The frame around an image is background, raw pixel 0, and normalised as such. Shapes: C-contiguous uint8
        (M, H, W) no larger than `size`, and int64 (n,) below M, which is not checked.
        """

    def augment(
        self,
        images: Array,
        indices: Array,
        ranges: Sequence[float],
        key: int,
        size: Pair,
        out: Array | None = None,
    ) -> Array:
        """Return `images[indices]` changed at random, as uint8 (n, *size), each image in the middle.

        Where an image has no pixels there is background, 0. How an image is changed is a pure function of `key`,
        64 bits, and of its index. `ranges` are the furthest shift in pixels, rotation in degrees and change of
        height and width as a share, and the root mean square of elastic displacements in pixels; see
        `nnkit.data.Augmentation`. Shapes: as in `gather`. `out` is expected C-contiguous.
        """

    def updates(self, updates: Sequence[Update]) -> Updates:
        """Prepare updates of parameters; where they share memory that they write to, they run in their order.

        Raises:
            ValueError: arrays of one update that differ in shape or type, or are read-only; or a type that is neither
                float32 nor float64.
        """
