"""What is done to a picture on its way into a network."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from nnkit.dtypes import dtype
from nnkit.nn import Module
from nnkit.tensors import Tensor, from_numpy

__all__ = ["Compose", "Lambda", "Normalize", "ToTensor"]


class Compose:
    """Several transforms, one after the other.

    Args:
        transforms: each takes what the one before returns.

    Examples:
        >>> from nnkit.vision import transforms
        >>> transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
        Compose(
            ToTensor()
            Normalize(mean=(0.5,), std=(0.5,))
        )
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        """Return what the last transform makes of it."""
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return "\n".join([f"{type(self).__name__}(", *(f"    {each}" for each in self.transforms), ")"])


class ToTensor:
    """Turns a picture into a tensor; bytes from 0 to 255 become float32 from 0 to 1.

    Shapes:
        A PIL image, or an array (H, W) or (H, W, C), becomes (C, H, W).

    Examples:
        >>> import numpy as np
        >>> from nnkit.vision import transforms
        >>> transforms.ToTensor()(np.array([[0, 255]], np.uint8))
        tensor([[[0., 1.]]])
    """

    def __call__(self, pic: Any) -> Tensor:
        """Return the tensor of a picture.

        Raises:
            TypeError: it is no picture.
            ValueError: it has another number of dimensions.
        """
        if not isinstance(pic, np.ndarray) and not _is_image(pic):
            raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
        pixels = np.asarray(pic)
        if pixels.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {pixels.ndim} dimensions.")
        channels = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
        if pixels.dtype == np.uint8:
            return from_numpy(np.divide(channels, np.float32(255), dtype=np.float32, order="C"))
        return from_numpy(channels.copy())

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


@functools.cache
def image_module() -> ModuleType | None:
    """Return Pillow's module of images, or None where it is not installed."""
    try:
        from PIL import Image
    except ImportError:
        return None
    return Image


def _is_image(value: Any) -> bool:
    pillow = image_module()
    return pillow is not None and isinstance(value, pillow.Image)


class Normalize(Module):
    """Subtracts a mean from each channel, and divides by a standard deviation.

    Args:
        mean: of each channel, or one for all.
        std: of each channel, or one for all.
        inplace: write over the input.

    Shapes:
        (..., C, H, W), of floating point.

    Examples:
        >>> from nnkit.vision import transforms
        >>> transforms.Normalize((0.5,), (0.25,))(torch.ones(1, 1, 2))
        tensor([[[2., 2.]]])
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return a tensor of the input's shape.

        Raises:
            TypeError: the input is no tensor, no picture, or not of floating point.
            ValueError: a standard deviation is 0.
            RuntimeError: there are more numbers than channels.
        """
        if not isinstance(input, Tensor):
            raise TypeError(f"img should be Tensor Image. Got {type(input)}")
        if input.ndim < 2:
            raise TypeError("Tensor is not a torch image.")
        if not input.is_floating_point():
            raise TypeError(f"Input tensor should be a float tensor. Got {input.dtype}.")
        mean, std = _per_channel(self.mean, input.dtype), _per_channel(self.std, input.dtype)
        if not np.all(std.array):
            raise ValueError(f"std evaluated to zero after conversion to {input.dtype}, leading to division by zero.")
        result = input if self.inplace else input.clone()
        return result.sub_(mean).div_(std)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"


def _per_channel(values: Sequence[float] | float, kind: dtype) -> Tensor:
    array = np.array(values, kind.numpy)
    return Tensor.detached(array.reshape(-1, 1, 1) if array.ndim == 1 else array)


class Lambda:
    """A function of one's own.

    Args:
        lambd: the function.

    Raises:
        TypeError: it cannot be called.

    Examples:
        >>> from nnkit.vision import transforms
        >>> transforms.Lambda(lambda label: label + 1)(4)
        5
    """

    def __init__(self, lambd: Callable[[Any], Any]) -> None:
        if not callable(lambd):
            raise TypeError(f"Argument lambd should be callable, got {type(lambd).__name__!r}")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        """Return what the function returns."""
        return self.lambd(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
