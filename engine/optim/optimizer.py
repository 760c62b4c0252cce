"""Optimizer, the base of all rules that turn gradients into better parameters.

Source: the surface, the structure of `state_dict` and the messages are those of PyTorch's `torch.optim`.
"""

from __future__ import annotations

import copy
import operator
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from nnkit.kernels.layout import Array
from nnkit.kernels.updates import Rule, Update, Updates
from nnkit.nn.naming import typename
from nnkit.registry import Registry
from nnkit.tensors import Tensor, enable_grad, no_grad, tensor, zeros_like

Parameters = Iterable[Tensor] | Iterable[dict[str, Any]]
Group = dict[str, Any]
Closure = Callable[[], Any]
Names = tuple[str | None, ...]

# What counts the steps of a parameter in its state; it is no array of the rule.
STEP = "step"

OPTIMIZERS: Registry[type[Optimizer]] = Registry("optimizer")


class _Members(NamedTuple):
    """The parameters of a group that have a gradient, and the names of their state."""

    group: Group
    names: Names
    parameters: list[Tensor]
    gradients: list[Array]


class _Prepared(NamedTuple):
    """What a step changes, as the device wants it.

    `layout` is the names of the state and the number of members of each group; `arrays` are those of the parameters
    and of all state; `steps` are empty where the state does not count.
    """

    layout: list[tuple[Names, int]]
    arrays: list[Array]
    steps: list[Array]
    updates: Updates


class Optimizer:
    """What all optimizers share: groups of parameters with their options, and a state per parameter.

    A subclass implements `_rule` and names what it keeps in `_state_names`.

    Args:
        params: the parameters, or dictionaries of "params" and options that differ from the defaults.
        defaults: the options of groups that do not give their own.

    Raises:
        TypeError: something else than tensors or dictionaries.
        ValueError: no parameters, or one that is not a leaf or is given twice.
    """

    _stepped = False

    def __init__(self, params: Parameters, defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got {typename(params)}"
            )
        self.defaults = defaults
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[Group] = []
        self._prepared: _Prepared | None = None
        groups: list[Any] = _ordered(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, param_group: Group) -> None:
        """Add parameters that have options of their own.

        Args:
            param_group: "params", and any options that differ from the defaults.

        Raises:
            TypeError: it is not a dictionary, or its parameters are not tensors in an ordered collection.
            ValueError: a parameter is not a leaf, or belongs to another group.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        params = [params] if isinstance(params, Tensor) else _ordered(params)
        for parameter in params:
            if not isinstance(parameter, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {typename(parameter)}")
            if not parameter.is_leaf:
                raise ValueError("can't optimize a non-leaf Tensor")
        if len(set(params)) != len(params):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause "
                "an error; see github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=3,
            )
        if not set(params).isdisjoint(known for group in self.param_groups for known in group["params"]):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append({**param_group, "params": params, **self._defaults_missing_in(param_group)})

    def _defaults_missing_in(self, group: Group) -> Group:
        return {name: value for name, value in self.defaults.items() if name not in group}

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters, or fill them with zeros."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if set_to_none:
                    parameter.grad = None
                elif parameter.grad is not None:
                    with no_grad():
                        parameter.grad.zero_()

    def step(self, closure: Closure | None = None) -> Any:
        """Change all parameters that have a gradient.

        Args:
            closure: called first, with gradients enabled, to compute the loss and the gradients.

        Returns:
            What `closure` returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        self._stepped = True
        work = [members for group in self.param_groups if (members := self._members(group)).parameters]
        if work:
            self._change(work)
        return loss

    def _members(self, group: Group) -> _Members:
        parameters, gradients = [], []
        for parameter in group["params"]:
            gradient = parameter.grad
            if gradient is not None:
                parameters.append(parameter)
                gradients.append(gradient.array)
        return _Members(group, self._state_names(group) if parameters else (), parameters, gradients)

    def _change(self, work: list[_Members]) -> None:
        parameters = [parameter for members in work for parameter in members.parameters]
        layout = [(members.names, len(members.parameters)) for members in work]
        prepared, self._prepared = self._prepared, None
        counts = [0.0] * len(parameters)
        # To find out again where all arrays are would take longer than to change them.
        if prepared is None or prepared.layout != layout or not _same(prepared.arrays, self._arrays(parameters)):
            counts = self._make_state(work)
            prepared = self._prepare(work, layout, self._arrays(parameters))
        if prepared.steps:
            counts = [_count_step(step) for step in prepared.steps]
        gradients = [gradient for members in work for gradient in members.gradients]
        prepared.updates.run(self._rules(work, counts), gradients)
        self._prepared = prepared
        for parameter in parameters:
            # The tape must notice that values it may have kept are no longer what they were.
            parameter.version.value += 1

    def _arrays(self, parameters: list[Tensor]) -> list[Array]:
        arrays = [parameter.array for parameter in parameters]
        arrays += [tensor.array for entry in self.state.values() for tensor in entry.values()]
        return arrays

    def _make_state(self, work: list[_Members]) -> list[float]:
        """Give state to the parameters that lack it, and return 1 for each that did and 0 for the others."""
        lacking = []
        for members in work:
            for parameter in members.parameters:
                missing = [name for name in members.names if name and name not in self.state[parameter]]
                for name in missing:
                    self.state[parameter][name] = tensor(0.0) if name == STEP else zeros_like(parameter)
                lacking.append(1.0 if missing else 0.0)
        return lacking

    def _prepare(self, work: list[_Members], layout: list[tuple[Names, int]], arrays: list[Array]) -> _Prepared:
        steps, updates = [], []
        for members in work:
            for parameter in members.parameters:
                entry = self.state.get(parameter, {})
                state = tuple(entry[name].array if name else None for name in members.names if name != STEP)
                updates.append(Update(self._rule_kind, parameter.array, state))
                if STEP in members.names:
                    steps.append(entry[STEP].array)
        return _Prepared(layout, arrays, steps, work[0].parameters[0].backend.updates(updates))

    def _rules(self, work: list[_Members], counts: list[float]) -> list[Rule]:
        rules: list[Rule] = []
        for members in work:
            own = counts[len(rules) : len(rules) + len(members.parameters)]
            by_count = {count: self._rule(members.group, count) for count in set(own)}
            rules += [by_count[count] for count in own]
        return rules

    # The kind of all rules of `_rule`.
    _rule_kind: type[Rule]

    def _rule(self, group: Group, count: float) -> Rule:
        """Return how parameters of a group are to change.

        Args:
            group: their options.
            count: which step it is for them; where the state does not count, 1 is the first and 0 any other.
        """
        raise NotImplementedError

    def _state_names(self, group: Group) -> Names:
        """Return what a parameter of this group has in `state` after a step.

        They are in the order of the rule's arrays, and None is one that it does not use.
        """
        raise NotImplementedError

    def __getstate__(self) -> dict[str, Any]:
        # A copy has arrays of its own.
        return {**self.__dict__, "_prepared": None}

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for number, group in enumerate(self.param_groups):
            if number:
                lines.append("")
            lines.append(f"Parameter Group {number}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return "\n".join([*lines, ")"])

    def state_dict(self) -> dict[str, Any]:
        """Return the state and the options, with numbers in place of the parameters.

        Returns:
            {"state": {number: {name: value}}, "param_groups": [{option: value, "params": [numbers]}]}; the
            tensors share memory with the optimizer.
        """
        numbers = self._numbers()
        groups = [
            {
                **{name: value for name, value in group.items() if name != "params"},
                "params": [numbers[parameter] for parameter in group["params"]],
            }
            for group in self.param_groups
        ]
        state = {numbers[parameter]: dict(entry) for parameter, entry in self.state.items()}
        return {"state": state, "param_groups": groups}

    def _numbers(self) -> dict[Tensor, int]:
        numbers: dict[Tensor, int] = {}
        for group in self.param_groups:
            for parameter in group["params"]:
                numbers.setdefault(parameter, len(numbers))
        return numbers

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over the state and the options of an optimizer of the same kind; on any error nothing changes.

        Args:
            state_dict: what `state_dict` returned.

        Raises:
            TypeError: it is not a mapping of "state" and "param_groups".
            ValueError: it belongs to another kind of optimizer, or to parameters of other shapes or dtypes.
        """
        if not isinstance(state_dict, Mapping) or not {"state", "param_groups"} <= set(state_dict):
            raise TypeError('expected a state dict with "state" and "param_groups", as state_dict() returns it')
        saved = state_dict["param_groups"]
        if len(saved) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        counts = [len(group["params"]) for group in self.param_groups]
        if counts != [len(group["params"]) for group in saved]:
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        groups = [
            {**copy.deepcopy(loaded), "params": group["params"]}
            for loaded, group in zip(saved, self.param_groups, strict=True)
        ]
        for group in groups:
            self._check_options(group)
        state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        entries = dict(state_dict["state"])
        for loaded, group in zip(saved, groups, strict=True):
            for number, parameter in zip(loaded["params"], group["params"], strict=True):
                if number in entries:
                    entry = entries.pop(number)
                    self._check_state(number, entry, parameter, group)
                    state[parameter] = copy.deepcopy(entry)
        if entries:
            raise ValueError(f"loaded state dict has state of parameters that no group has: {sorted(entries)}")
        self.param_groups = groups
        self.state = state

    def _check_options(self, group: Group) -> None:
        missing = sorted(set(self.defaults) - set(group))
        if missing:
            raise ValueError(
                f"loaded state dict is of another optimizer: its groups have no {', '.join(missing)}, "
                f"which {type(self).__name__} needs"
            )

    def _check_state(self, number: int, entry: Mapping[str, Any], parameter: Tensor, group: Group) -> None:
        expected = {name for name in self._state_names(group) if name}
        if set(entry) != expected:
            raise ValueError(
                f"loaded state dict is of another optimizer: parameter {number} has {sorted(entry)}, "
                f"where {type(self).__name__} has {sorted(expected)}"
            )
        for name, value in entry.items():
            if not isinstance(value, Tensor):
                raise ValueError(f"{name} of parameter {number} is not a Tensor but {typename(value)}")
            if name == STEP:
                if value.numel() != 1:
                    raise ValueError(f"step of parameter {number} is not one number: {list(value.shape)}")
            elif (value.shape, value.dtype) != (parameter.shape, parameter.dtype):
                raise ValueError(
                    f"{name} of parameter {number} is {value.dtype} of size {list(value.shape)}, "
                    f"where the parameter is {parameter.dtype} of size {list(parameter.shape)}"
                )


def _ordered(params: Iterable[Any]) -> list[Any]:
    if isinstance(params, (set, frozenset)):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering of tensors "
            "in sets will change between runs. Please use a list instead."
        )
    return list(params)


def _same(first: list[Array], second: list[Array]) -> bool:
    return len(first) == len(second) and all(map(operator.is_, first, second))


def _count_step(step: Array) -> float:
    count: float = step.item() + 1
    step.fill(count)
    return count


def check_not_negative(name: str, value: float) -> None:
    """Raise PyTorch's ValueError if one of an optimizer's options is negative or NaN."""
    if not value >= 0.0:
        raise ValueError(f"Invalid {name}: {value}")
