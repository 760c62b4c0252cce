"""Modules for a while in another mode, or back at what they remembered."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from nnkit.nn.modules.module import Module
from nnkit.tensors import no_grad


@contextlib.contextmanager
def evaluation_mode(network: Module) -> Iterator[None]:
    """Have a network in evaluation mode; each of its modules gets its own mode back."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextlib.contextmanager
def evaluating(network: Module) -> Iterator[None]:
    """Have a network in evaluation mode and without gradients, where nothing else runs in between."""
    with evaluation_mode(network), no_grad():
        yield


def remembered_buffers(network: Module) -> Callable[[], None]:
    """Return what gives all buffers, such as running statistics, back the values that they have now."""
    kept = [(buffer.array, buffer.array.copy()) for buffer in network.buffers()]

    def bring_back() -> None:
        for array, before in kept:
            array[...] = before

    return bring_back
