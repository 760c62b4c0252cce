"""Layers that a config lists: built, and tried on no images at all to see whether they fit each other.

A batch of no images has all the shapes of a real one, and neither takes memory nor time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from nnkit.models import Sequential
from nnkit.nn import LAYERS, Module
from nnkit.nn.modes import evaluating
from nnkit.nn.modules.conv import _ConvNd
from nnkit.nn.tree import parameter_count
from nnkit.tensors import Tensor, zeros
from nnkit.tensors.limits import at_most
from nnkit.training.components import Component
from nnkit.training.objections import OBJECTIONS, one_line
from nnkit.training.schema import Config
from nnkit.training.yaml_loader import InvalidConfigError, Path, Problem

# Where the layers of `Sequential` are listed.
_PATH: Path = ("network", "layers")
# A quarter of a gigabyte of parameters; and for the 2,000 images that an evaluation works on at once, two gigabytes.
MOST_PARAMETERS = 2**26
MOST_OUTPUTS = 2**18

# What a convolution gets, by the number of dimensions that its filters slide along.
_EXPECTED = {1: "sequences (N, C, L)", 2: "images (N, C, H, W)"}
# Arguments that repeat what the layer before decides: the axis that they are the size of.
_REPEATED = {"in_channels": 1, "in_features": -1, "num_features": 1}


def build_layers(config: Config, components: Sequence[Component], path: Path) -> list[Module]:
    """Return the layers that are listed at `path`, with their initial parameters.

    Raises:
        InvalidConfigError: constructors refuse their arguments, or there would be too many parameters; it has all
            layers of which that is so.
    """
    layers: list[Module] = []
    problems: list[Problem] = []
    room = MOST_PARAMETERS
    for index, component in enumerate(components):
        try:
            with at_most(room):
                layers.append(LAYERS.get(component.name)(**component.arguments()))
        except OBJECTIONS as error:
            problems += config.error((*path, index), f"{component.name}: {one_line(error)}").problems
        else:
            room -= parameter_count(layers[-1])
    if problems:
        raise InvalidConfigError(problems)
    return layers


def check_fit(config: Config, network: Sequential, classes: int | None = None) -> None:
    """Raise InvalidConfigError, which has all layers that do not fit what they get, or give too much.

    Args:
        config: what the network was built from.
        network: it stays as it is.
        classes: how many outputs there should be, if that is known.
    """
    fitting = _Fitting(config)
    with evaluating(network):
        output = fitting.pass_through(network)
    if output is not None:
        fitting.check_output(output, classes)
    if fitting.problems:
        raise InvalidConfigError(fitting.problems)


def classes_error(config: Config, outputs: int, classes: int) -> InvalidConfigError:
    """Return the error about a network that has not one output for each class."""
    problem = f"{outputs} outputs, but {config.data.name} has {classes} classes"
    for index, component in reversed(list(enumerate(getattr(config.network, "layers", ())))):
        for name in ("out_features", "out_channels"):
            if name in component.arguments():
                return config.error((*_PATH, index, name), f"{problem}; write {classes}")
    return config.error(("network",), problem)


class _StuckError(Exception):
    """What comes out of a layer cannot be known; the message says why, unless that has been said."""


class _Fitting:
    """Passes no images through layers, and mends those that do not fit to see what else is wrong."""

    def __init__(self, config: Config) -> None:
        self.problems: list[Problem] = []
        self._config = config
        self._components: Sequence[Component] = getattr(config.network, "layers")  # noqa: B009 (only some have them)
        # The first layer that got images where it could have got a row of features for each.
        self._unflattened: int | None = None

    def pass_through(self, network: Sequential) -> Tensor | None:
        """Return what comes out; None if nothing can be known about that."""
        x = zeros(0, 1, *network.input_size)
        for index, layer in enumerate(network):
            try:
                x = self._next(index, layer, x)
            except _StuckError as stuck:
                if stuck.args:
                    self._complain(index, str(stuck))
                return None
        return x

    def _next(self, index: int, layer: Module, x: Tensor) -> Tensor:
        component = self._components[index]
        for name, axis in _REPEATED.items():
            size = component.arguments().get(name)
            if size is None:
                continue
            if isinstance(layer, _ConvNd) and x.dim() != layer.dims + 2:
                raise _StuckError(f"{component.name} gets {_shape(x)}, expected {_EXPECTED[layer.dims]}")
            if axis == -1 and x.dim() > 2 and self._unflattened is None:
                self._unflattened = index
            if x.shape[axis] != size:
                return self._mended(index, component, name, x)
        return _output(component.name, layer, x)

    def _mended(self, index: int, component: Component, name: str, x: Tensor) -> Tensor:
        """Complain about a size that repeats another one wrongly, and go on as if it were right."""
        given, written = _shape(x), component.arguments()[name]
        if name == "in_features" and x.dim() > 2:
            x = x.flatten(1)
            advice = "put Flatten before it" + ("" if x.shape[1] == written else f" and write {x.shape[1]}")
        else:
            advice = f"write {x.shape[_REPEATED[name]]}"
        self._complain(index, f"{component.name} gets {given}, but {name} is {written}; {advice}", name)
        right = {**component.arguments(), name: x.shape[_REPEATED[name]]}
        try:
            with at_most(MOST_PARAMETERS):
                layer = LAYERS.get(component.name)(**right).eval()
        except OBJECTIONS:
            raise _StuckError from None
        return _output(component.name, layer, x)

    def check_output(self, output: Tensor, classes: int | None) -> None:
        """Complain unless there is a number for each class."""
        if output.dim() != 2:
            last = len(self._components) - 1 if self._unflattened is None else self._unflattened
            advice = "put Flatten " + ("behind it" if self._unflattened is None else "before this layer")
            self._complain(last, f"the network returns {_shape(output)}, expected (N, classes); {advice}")
        elif classes is not None and output.shape[1] != classes:
            self.problems += classes_error(self._config, output.shape[1], classes).problems

    def _complain(self, index: int, message: str, *below: str) -> None:
        self.problems += self._config.error((*_PATH, index, *below), message).problems


def _output(name: str, layer: Module, x: Tensor) -> Tensor:
    """Return what comes out of a layer.

    Raises:
        _StuckError: nothing does, no tensor with as many images, or more than there is room for.
    """
    try:
        output = layer(x)
    except (*OBJECTIONS, OverflowError) as error:
        raise _StuckError(f"{name} gets {_shape(x)}: {one_line(error).replace('[0, ', '[N, ')}") from None
    if not isinstance(output, Tensor) or output.dim() == 0 or output.shape[0] != 0:
        raise _StuckError(f"{name} gets {_shape(x)} and does not return a tensor of as many images")
    numbers = math.prod(output.shape[1:])
    if numbers > MOST_OUTPUTS:
        raise _StuckError(
            f"{name} returns {_shape(output)}: {numbers:,} numbers for an image, at most {MOST_OUTPUTS:,}"
        )
    return output


def _shape(x: Tensor) -> str:
    """Return a shape as messages write it, with N images."""
    return f"(N{''.join(f', {size}' for size in x.shape[1:])})"
