"""Generators of random numbers, with the surface and the states of PyTorch's.

A state is the memory of PyTorch's generator, byte for byte, so that one of theirs can be continued here and one of ours
there.
"""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np

from nnkit.devices import available, device
from nnkit.streams import Stream, default_stream
from nnkit.tensors import Tensor
from nnkit.tensors.naming import typename

_WORDS = 624
# What PyTorch's generator keeps, in the order of its C++ structures.
_STATE = np.dtype(
    [
        ("seed", np.uint64),
        ("left", np.int32),
        ("seeded", np.int32),
        ("next", np.uint64),
        ("words", np.uint64, _WORDS),
        ("unused", np.float64),
        ("spare", np.float64),
        ("unused_too", np.float64),
        ("has_spare", np.int32),
        ("float_spare", np.float32, 3),
    ]
)


class Generator:
    """A stream of random numbers that can be seeded, saved and restored; the same numbers as PyTorch's on the CPU.

    Args:
        device: where its numbers are made: the CPU.

    Raises:
        AssertionError: the device is a CUDA device.
        RuntimeError: there is no such device.

    Source: Matsumoto and Nishimura, "Mersenne Twister", 1998.

    Examples:
        >>> generator = torch.Generator().manual_seed(0)
        >>> torch.randperm(4, generator=generator)
        tensor([0, 1, 3, 2])
    """

    def __init__(self, device: str | device = "cpu") -> None:
        self.device = available(device)
        self.stream = Stream()

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream that belongs to a seed, and return the generator.

        A negative seed stands for itself plus 2^64.

        Raises:
            RuntimeError: the seed is not a whole number.
            ValueError: it has more than 64 bits.

        Examples:
            >>> torch.Generator().manual_seed(-1).initial_seed() == 2**64 - 1
            True
        """
        if not isinstance(seed, int):
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
        if not -(2**63) <= seed < 2**64:
            raise ValueError("Overflow when unpacking long long")
        self.stream.manual_seed(seed % 2**64)
        return self

    def seed(self) -> int:
        """Start a stream that nobody knows beforehand, and return its seed.

        Examples:
            >>> generator = torch.Generator()
            >>> generator.seed() == generator.initial_seed()
            True
        """
        seed = secrets.randbits(64)
        self.stream.manual_seed(seed)
        return seed

    def initial_seed(self) -> int:
        """Return the seed that the stream was started with.

        Examples:
            >>> torch.Generator().initial_seed()
            67280421310721
        """
        return self.stream.initial_seed()

    def get_state(self) -> Tensor:
        """Return the position in the stream, uint8 (5056,), as PyTorch has it.

        Examples:
            >>> torch.Generator().get_state().shape
            torch.Size([5056])
        """
        words, drawn, spare = self.stream.twister()
        state = np.zeros((), _STATE)
        state["seed"] = self.initial_seed()
        state["seeded"] = 1
        state["words"] = words
        state["left"] = _WORDS + 1 - drawn
        state["next"] = drawn
        state["spare"] = spare or 0.0
        state["has_spare"] = spare is not None
        return Tensor.detached(np.frombuffer(state.tobytes(), np.uint8).copy())

    def set_state(self, new_state: Tensor) -> Generator:
        """Go to a position that `get_state` returned, here or in PyTorch.

        Raises:
            TypeError: it is not a tensor of uint8.
            RuntimeError: it is no such position.

        Examples:
            >>> generator = torch.Generator()
            >>> state = generator.get_state()
            >>> first = torch.rand(3, generator=generator)
            >>> _ = generator.set_state(state)
            >>> torch.equal(first, torch.rand(3, generator=generator))
            True
        """
        if not isinstance(new_state, Tensor):
            raise TypeError(f"expected a torch.ByteTensor, but got {typename(new_state)}")
        array = np.ascontiguousarray(new_state.detach().numpy())
        if array.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if array.nbytes != _STATE.itemsize:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {_STATE.itemsize} but found the input RNG state size to be "
                f"{array.nbytes}"
            )
        state = array.reshape(-1).view(_STATE)[0]
        left, drawn = int(state["left"]), int(state["next"])
        if not state["seeded"] == 1 or not 1 <= left <= _WORDS or drawn > _WORDS:
            raise RuntimeError("Invalid mt19937 state")
        spare = float(state["spare"]) if state["has_spare"] else None
        words = state["words"].astype(np.uint32)
        self.stream.go_to(int(state["seed"]), words, _WORDS if left == 1 else drawn, spare)
        return self

    def __repr__(self) -> str:
        return f"<torch._C.Generator object at {id(self):#x}>"


def _default() -> Generator:
    generator = Generator()
    generator.stream = default_stream
    return generator


default_generator = _default()


def manual_seed(seed: Any) -> Generator:
    """Seed the generator that is used where none is given, and return it.

    Args:
        seed: a whole number from -2^63 to 2^64 - 1, or what `int` makes one of.

    Raises:
        ValueError: it is not a number, or has more than 64 bits.

    Examples:
        >>> _ = torch.manual_seed(0)
        >>> torch.rand(2)
        tensor([0.4963, 0.7682])
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Seed the generator that is used where none is given with a number that nobody knows beforehand; return it.

    Examples:
        >>> torch.seed() == torch.initial_seed()
        True
    """
    return default_generator.seed()


def initial_seed() -> int:
    """Return the seed of the generator that is used where none is given.

    Examples:
        >>> _ = torch.manual_seed(3)
        >>> torch.initial_seed()
        3
    """
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """Return the position of the generator that is used where none is given, uint8 (5056,).

    Examples:
        >>> torch.get_rng_state().dtype
        torch.uint8
    """
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Bring the generator that is used where none is given to a position that `get_rng_state` returned.

    Raises:
        TypeError: it is not a tensor of uint8.
        RuntimeError: it is no such position.

    Examples:
        >>> state = torch.get_rng_state()
        >>> first = torch.rand(3)
        >>> torch.set_rng_state(state)
        >>> torch.equal(first, torch.rand(3))
        True
    """
    default_generator.set_state(new_state)
