"""From a config to the objects that it names, with what they object to reported as errors of the config."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, cast

from nnkit.data import DATASETS
from nnkit.dtypes import int64
from nnkit.kernels import shapes_only
from nnkit.models import Network, Sequential
from nnkit.nn import CrossEntropyLoss, NLLLoss, Parameter
from nnkit.nn.functional import log_softmax, one_hot
from nnkit.nn.modes import evaluating
from nnkit.optim import Optimizer
from nnkit.optim.lr_scheduler import ReduceLROnPlateau
from nnkit.random import manual_seed
from nnkit.streams import default_stream
from nnkit.tensors import Tensor, zeros
from nnkit.training.average import Average
from nnkit.training.components import COMPONENTS, CodeNetwork, Component
from nnkit.training.layers import build_layers, check_fit, classes_error
from nnkit.training.objections import OBJECTIONS, one_line, without_hint
from nnkit.training.schedule import Schedule
from nnkit.training.schema import Config
from nnkit.training.user_code import build_user_network, check_file, fault, may_run, without_numbers
from nnkit.training.yaml_loader import InvalidConfigError, Problem

Criterion = Callable[[Tensor, Tensor], Tensor]


def build_network(config: Config) -> Network:
    """Return the network with its initial parameters, which the config's seed decides.

    Raises:
        InvalidConfigError: its constructor, or that of a layer, refuses the arguments.
        CodeError: it is the user's Python, which is not allowed to run or fails.
    """
    manual_seed(config.training.seed)
    if isinstance(config.network, CodeNetwork):
        return cast("Network", build_user_network(config, config.network))
    layers = {
        name: build_layers(config, value, ("network", name))
        for name, value in config.network.arguments().items()
        if isinstance(value, tuple) and isinstance(value[0], Component)
    }
    network: Network = _construct(config, "network", **layers)
    return network


def build_optimizer(config: Config, network: Network) -> Optimizer:
    """Return the optimizer of the network's parameters.

    Raises:
        InvalidConfigError: its constructor refuses the arguments.
    """
    optimizer: Optimizer = _construct(config, "optimizer", network.parameters())
    return optimizer


def build_schedule(config: Config, optimizer: Optimizer, steps_per_epoch: int) -> Schedule | None:
    """Return the schedule, as long as the run where the config does not say how long.

    Raises:
        InvalidConfigError: its constructor refuses the arguments, or it needs the metric of an epoch at each step.
    """
    if config.scheduler is None:
        return None
    each_step = config.scheduler.moves_after == "step"
    length = config.training.epochs * (steps_per_epoch if each_step else 1)
    lengths = dict.fromkeys(config.scheduler.unset_lengths, length)
    scheduler = _construct(config, "scheduler", optimizer, **lengths)
    if each_step and isinstance(scheduler, ReduceLROnPlateau):
        message = f"{config.scheduler.name} looks at what an epoch came to, expected 'epoch', got 'step'"
        raise config.error(("scheduler", "interval"), message)
    return Schedule(scheduler, each_step)


def build_average(config: Config, network: Network) -> Average | None:
    """Return the moving average of the network's parameters, if there is to be one.

    Raises:
        InvalidConfigError: the network cannot be copied.
    """
    if config.training.ema_decay is None:
        return None
    try:
        return Average(network, config.training.ema_decay)
    except OBJECTIONS as error:
        raise config.error(("training", "ema_decay"), f"cannot copy the network: {one_line(error)}") from None


def build_criterion(config: Config) -> Criterion:
    """Return the loss as a function of logits (N, K) and labels (N,), whatever form its own arguments have.

    Raises:
        InvalidConfigError: its constructor refuses the arguments.
    """
    loss = _construct(config, "loss")
    if isinstance(loss, NLLLoss):
        return lambda logits, labels: loss(log_softmax(logits, dim=1), labels)
    if not isinstance(loss, CrossEntropyLoss):
        return lambda logits, labels: loss(logits, one_hot(labels, logits.shape[1]).to(logits.dtype))
    criterion: Criterion = loss
    return criterion


def logits_of_an_image(config: Config, network: Network) -> Tensor:
    """Return what a network makes of one image in evaluation mode, which leaves it as it is: (1, N).

    Raises:
        InvalidConfigError: its layers do not fit, or what it returns are no logits.
    """
    image = zeros(1, 1, *network.input_size)
    # What users wrote raises anything.
    objections = (Exception,) if isinstance(config.network, CodeNetwork) else OBJECTIONS
    with evaluating(network):
        try:
            logits = network(image)
        except objections as error:
            where = fault(error) or f"{_failing_layer(network, image)}{one_line(error)}"
            raise config.error(("network",), where) from None
    if not isinstance(logits, Tensor) or logits.dim() != 2 or logits.shape[0] != 1:
        got = str(tuple(logits.shape)) if isinstance(logits, Tensor) else f"a {type(logits).__name__}"
        raise config.error(("network",), f"it returns {got} for one image, expected logits (1, classes)")
    return logits


def check_training(config: Config, network: Network, images: int) -> None:
    """Raise InvalidConfigError if layers refuse in training what they take in evaluation: batches of one image, say.

    Or if one changes in place what another one before it needs for its gradient.

    Args:
        config: what the network was built from.
        network: it stays as it is; one in Python is not tried.
        images: how many there are to train on.
    """
    if isinstance(config.network, CodeNetwork):
        return
    fewest = images % config.data.batch_size or min(images, config.data.batch_size)
    drawn = default_stream.get_state()
    try:
        with shapes_only():
            logits = copy.deepcopy(network).train()(zeros(min(fewest, 2), 1, *network.input_size))
            _check_backward(config, logits)
    except OBJECTIONS as error:
        if fewest > 1:
            raise config.error(("network",), one_line(error)) from None
        alone = "of 1 image" if config.data.batch_size == 1 else f"{images:,} images leave one for the last batch"
        raise config.error(("data", "batch_size"), f"{alone}: {one_line(error)}") from None
    finally:
        default_stream.set_state(drawn)


def _check_backward(config: Config, logits: Tensor) -> None:
    try:
        logits.sum().backward()
    except RuntimeError as error:
        raise config.error(("network",), f"in backward: {without_hint(error)}") from None


def check_classes(config: Config, logits: Tensor, classes: Sequence[str]) -> None:
    """Raise InvalidConfigError unless there are logits (N, K) for each class of the data."""
    if logits.shape[1] != len(classes):
        raise classes_error(config, logits.shape[1], len(classes))


def check_components(config: Config) -> None:
    """Build everything once on the smallest scale, so that no data is read for a config that cannot work.

    Of a network in Python that may not run, only the file has to be there.

    Raises:
        InvalidConfigError: constructors refuse their arguments, or the layers do not fit each other or the images.
    """
    problems: list[Problem] = []
    for attempt in (check_network, _try_optimizer):
        try:
            attempt(config)
        except InvalidConfigError as error:
            problems += error.problems
    if problems:
        raise InvalidConfigError(problems)


def check_network(config: Config) -> None:
    """Build the network and the loss, as `check_components` does, and raise what it raises."""
    if not may_run(config):
        check_file(config)
        return
    network = build_network(config)
    classes = DATASETS.get(config.data.name).classes
    if isinstance(network, Sequential):
        check_fit(config, network, len(classes))
        check_training(config, network, images=2)
        logits = zeros(1, len(classes))
    else:
        with without_numbers(config):
            logits = logits_of_an_image(config, network)
        check_classes(config, logits, classes)
    try:
        build_criterion(config)(logits, zeros(1, dtype=int64))
    except OBJECTIONS as error:
        raise config.error(("loss",), one_line(error)) from None


def _failing_layer(network: Network, image: Tensor) -> str:
    """Run a network that fails once more, and return words for the layer at which it does."""
    begun: list[str] = []
    done: list[str] = []
    for name, layer in network.named_modules():
        if name:
            layer.register_forward_pre_hook(lambda _module, _inputs, name=name: begun.append(name))
            layer.register_forward_hook(lambda _module, _inputs, _output, name=name: done.append(name))
    try:
        network(image)
    except OBJECTIONS:
        if begun:
            return f"{'after' if begun[-1] in done else 'in'} layer {begun[-1]!r}: "
    return ""


def _try_optimizer(config: Config) -> None:
    optimizer: Optimizer = _construct(config, "optimizer", [Parameter(zeros(1))])
    build_schedule(config, optimizer, steps_per_epoch=1)


def _construct(config: Config, section: str, *arguments: Any, **more: Any) -> Any:
    registry, _ = COMPONENTS[section]
    component = getattr(config, section)
    try:
        return registry.get(component.name)(*arguments, **{**component.arguments(), **more})
    except OBJECTIONS as error:
        raise config.error((section,), one_line(error)) from None
