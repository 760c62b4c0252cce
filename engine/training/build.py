"""From a config to the objects that it names, with what they object to reported as errors of the config."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nnkit.data import DATASETS
from nnkit.dtypes import int64
from nnkit.models import Network
from nnkit.nn import MSELoss, NLLLoss, Parameter
from nnkit.nn.functional import log_softmax
from nnkit.optim import Optimizer
from nnkit.optim.lr_scheduler import LRScheduler
from nnkit.random import manual_seed
from nnkit.tensors import Tensor, eye, no_grad, zeros
from nnkit.training.average import Average
from nnkit.training.schema import COMPONENTS, RUN_LENGTHS, Config
from nnkit.training.yaml_loader import InvalidConfigError, Problem

Criterion = Callable[[Tensor, Tensor], Tensor]

# What constructors and layers raise about their arguments, as PyTorch does.
OBJECTIONS = (ValueError, RuntimeError, TypeError, IndexError, NotImplementedError)


_MOST_STEPS = 1_000_000


@dataclass
class Schedule:
    """A learning rate schedule, and whether it moves after each step or after each epoch."""

    scheduler: LRScheduler
    each_step: bool

    def catch_up(self, steps: int) -> None:
        """Take a fresh schedule so many steps further, which also sets the optimizer's learning rates and momenta.

        Raises:
            ValueError: there are more steps than can be taken in some seconds.
        """
        if steps > _MOST_STEPS:
            raise ValueError(f"a schedule cannot be taken {steps} steps further, at most {_MOST_STEPS}")
        with warnings.catch_warnings():
            # The steps of the optimizer that belong to these were taken by the run before.
            warnings.simplefilter("ignore")
            for _ in range(steps):
                self.scheduler.step()

    def is_stretched(self, state: Mapping[str, Any]) -> bool:
        """Return whether a state is that of a schedule of another length."""
        mine = self.scheduler.state_dict()
        return any(mine[name] != state[name] for name in RUN_LENGTHS & mine.keys())


def one_line(error: BaseException) -> str:
    """Return the message of an error without its line breaks."""
    return " ".join(str(error).split())


def build_network(config: Config) -> Network:
    """Return the network with its initial parameters, which the config's seed decides.

    Raises:
        InvalidConfigError: its constructor refuses the arguments.
    """
    manual_seed(config.training.seed)
    network: Network = _construct(config, "network")
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
        InvalidConfigError: its constructor refuses the arguments.
    """
    if config.scheduler is None:
        return None
    each_step = config.scheduler.moves_after == "step"
    length = config.training.epochs * (steps_per_epoch if each_step else 1)
    lengths = dict.fromkeys(config.scheduler.unset_lengths, length)
    return Schedule(_construct(config, "scheduler", optimizer, **lengths), each_step)


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
    if isinstance(loss, MSELoss):
        return lambda logits, labels: loss(logits, eye(logits.shape[1])[labels])
    criterion: Criterion = loss
    return criterion


def check_classes(config: Config, logits: Tensor, classes: Sequence[str]) -> None:
    """Raise InvalidConfigError unless there are logits (N, K) for each class of the data."""
    if logits.shape[1] != len(classes):
        raise config.error(
            ("network",), f"{logits.shape[1]} outputs, but {config.data.name} has {len(classes)} classes"
        )


def check_components(config: Config) -> None:
    """Build everything once on the smallest scale, so that no data is read for a config that cannot work.

    Raises:
        InvalidConfigError: constructors refuse their arguments, or the layers do not fit each other or the images.
    """
    problems: list[Problem] = []
    for attempt in (_try_network, _try_optimizer):
        try:
            attempt(config)
        except InvalidConfigError as error:
            problems += error.problems
    if problems:
        raise InvalidConfigError(problems)


def _try_network(config: Config) -> None:
    network = build_network(config)
    network.eval()
    image = zeros(1, 1, *network.input_size)
    with no_grad():
        try:
            logits = network(image)
        except OBJECTIONS as error:
            where = _failing_layer(network, image)
            raise config.error(("network",), f"{where}{one_line(error)}") from None
        check_classes(config, logits, DATASETS.get(config.data.name).classes)
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
        return registry.get(component.name)(*arguments, **component.arguments(), **more)
    except OBJECTIONS as error:
        raise config.error((section,), one_line(error)) from None
