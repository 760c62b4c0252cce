"""What poolings make of the options of their windows, with PyTorch's checks and in its words."""

from __future__ import annotations

from collections.abc import Sequence

from nnkit.kernels.backend import Sliding
from nnkit.ops.pooling import pooled_size
from nnkit.tensors import Tensor
from nnkit.tensors.naming import integers

Sizes = int | Sequence[int]


def pair(function: str, name: str, position: int, value: object, verb: str = "either be") -> tuple[int, int]:
    """Return an option as the numbers for height and width."""
    numbers = integers(f"{function}(): argument '{name}' (position {position})", value)
    if len(numbers) not in (1, 2):
        raise RuntimeError(f"{function}: {name} must {verb} a single int, or a tuple of two ints")
    return numbers[0], numbers[-1]


def _is_omitted(stride: Sizes | None) -> bool:
    return stride is None or (isinstance(stride, Sequence) and not stride)


def step_of(function: str, given: Sizes | None, window: tuple[int, int]) -> tuple[int, int]:
    """Return a stride as the numbers for height and width, those of the window if it is omitted."""
    return window if _is_omitted(given) else pair(function, "stride", 3, given, "either be omitted,")


def check_sequences(function: str, input: Tensor) -> None:
    """Raise PyTorch's RuntimeError unless the input is (N, C, L) or (C, L)."""
    if input.dim() not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {input.dim()}-dimensional tensor for argument #1 'self' (while "
            f"checking arguments for {function})"
        )


def length(function: str, called: str, name: str, position: int, value: object) -> int:
    """Return an option as one number; `called` is the function that finds the wrong types."""
    numbers = integers(f"{called}(): argument '{name}' (position {position})", value)
    if len(numbers) != 1:
        raise RuntimeError(f"{function}() argument '{name}' should contain one int (got {len(numbers)})")
    return numbers[0]


def lengths(function: str, called: str = "", **options: Sizes | None) -> list[int]:
    """Return the options of a window as one number each, the stride that of the window if it is omitted."""
    if _is_omitted(options["stride"]):
        options["stride"] = options["kernel_size"]
    return [
        length(function, called or function, name, position, value)
        for position, (name, value) in enumerate(options.items(), start=2)
    ]


def max_pool1d_lengths(input: Tensor, ceil_mode: bool, **options: Sizes | None) -> tuple[int, ...]:
    """Return the options of `max_pool1d` without indices as one number each."""
    shape = tuple(input.shape)
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise RuntimeError(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but got:"
            f"{list(shape)}"
        )
    if _is_omitted(options["stride"]):
        options["stride"] = options["kernel_size"]
    kinds = {"stride": "None, an int, list of ints,", "padding": "an int, list of ints,"}
    numbers = {}
    for position, (name, value) in enumerate(options.items(), start=2):
        given = integers(f"max_pool1d(): argument '{name}' (position {position})", value)
        if len(given) != 1:
            kind = kinds.get(name, "an int, list of ints")
            raise RuntimeError(
                f"max_pool1d() {name} must be {kind} or tuple of ints of size 1 but got size {len(given)}"
            )
        numbers[name] = given[0]
    window, steps, borders, spacing = numbers.values()
    for name in ("kernel_size", "stride"):
        if numbers[name] <= 0:
            raise RuntimeError(f"max_pool1d() {name} must be greater than zero, but got {numbers[name]}")
    if borders < 0:
        raise RuntimeError(f"max_pool1d() padding must be non-negative, but got {borders}")
    if borders > window // 2:
        raise RuntimeError(
            f"max_pool1d() padding should be at most half of kernel size, but got padding={borders} and "
            f"kernel_size={window}"
        )
    if spacing <= 0:
        raise RuntimeError(f"max_pool1d() dilation must be greater than zero, but got {spacing}")
    sliding = Sliding((1, steps), (0, borders), (1, spacing))
    windows = pooled_size(shape[-1], window, sliding, 1, ceil_mode)
    if windows <= 0:
        raise RuntimeError(f"max_pool1d() Invalid computed output size: {windows}")
    if not input.dtype.is_floating_point:
        raise NotImplementedError(f"\"max_pool1d_impl\" not implemented for '{input.dtype.label}'")
    return window, steps, borders, spacing
