"""The graph behind the loss of a config's network, and what is known about its nodes."""

from __future__ import annotations

import contextlib

from nnkit import data
from nnkit.data import DATASETS, Batches
from nnkit.dtypes import int64
from nnkit.errors import ConfigError, DataError
from nnkit.graph import Graph, trace
from nnkit.models import Network
from nnkit.profiling import annotate
from nnkit.random import Generator
from nnkit.tensors import Tensor, randint, randn, zeros
from nnkit.training.build import build_criterion
from nnkit.training.machine import use_machine
from nnkit.training.schema import Config

# Enough that the median is not that of a disturbed step.
STEPS = 11


def loss_graph(
    config: Config, network: Network, *, depth: int | None = None, backward: bool = False, steps: int = 0
) -> Graph:
    """Return the graph behind the loss of a batch, with the modules and FLOPs of its nodes.

    Where neither gradients nor times are wanted no data is read: the graph depends on the shape of the batch only.
    Otherwise the batch is the first one of the training images, or, where the data set is not on this machine, random
    images and labels; the title says which.

    Args:
        config: says which loss and which data.
        network: the network; its gradients are replaced if there are to be any.
        depth: how many steps away from the loss the graph goes; None for all of it.
        backward: whether to differentiate the loss, for the norms of the gradients.
        steps: how many times to calculate and differentiate it, for the times of nodes; 0 for none.

    Raises:
        ConfigError: the network has no parameters, and so no graph.
    """
    if backward or steps:
        if steps:
            use_machine(config)
        images, labels, source = _batch(config, network)
    else:
        size = config.data.batch_size
        images, labels, source = zeros(size, 1, *network.input_size), zeros(size, dtype=int64), "images"
    loss, annotations = annotate(network, build_criterion(config), images, labels, backward=backward, steps=steps)
    if loss.grad_fn is None:
        raise ConfigError(f"{config.network.name}: no parameter needs a gradient, so that the loss has no graph")
    title = f"{config.network.name}, a batch of {len(labels):,} {source}"
    if backward:
        title += f", loss {float(loss.detach()):.4g}"
    return trace(loss, network.named_parameters(), depth=depth, annotations=annotations, title=title)


def _batch(config: Config, network: Network) -> tuple[Tensor, Tensor, str]:
    """Return images and labels, and words for where they are from."""
    name, seed, size = config.data.name, config.training.seed, config.data.batch_size
    with contextlib.suppress(DataError):
        batches = Batches(data.load(name, "train", download=False), size, network.input_size, shuffle=True, seed=seed)
        return *next(batches.epoch(0)), f"images of {name}"
    generator = Generator().manual_seed(seed)
    images = randn(size, 1, *network.input_size, generator=generator)
    labels = randint(0, len(DATASETS.get(name).classes), (size,), generator=generator)
    return images, labels, f"random images ({name} is not here: nnkit data download {name})"
