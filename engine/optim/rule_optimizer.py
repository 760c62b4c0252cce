"""RuleOptimizer, the base of the optimizers whose steps are one compiled call."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

from nnkit.kernels.layout import Array
from nnkit.kernels.updates import Rule, Update, Updates
from nnkit.optim.optimizer import Closure, Group, Optimizer, Parameters
from nnkit.tensors import Tensor, enable_grad, full_like, tensor
from nnkit.tensors.naming import typename
from nnkit.tensors.overwriting import check_elements

# What counts the steps of a parameter in its state; it is no array of the rule.
STEP = "step"

Names = tuple[str | None, ...]


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


class RuleOptimizer(Optimizer):
    """An optimizer that changes parameters by a rule of the device; a subclass says in `_rule` which.

    Args, attributes and errors are those of `Optimizer`.
    """

    # The kind of all rules of `_rule`.
    _rule_kind: ClassVar[type[Rule]]
    # What the state of a parameter has: the number of its steps if they count, and the rule's arrays in its order.
    _state_names: ClassVar[tuple[str, ...]]

    def __init__(self, params: Parameters, defaults: dict[str, Any]) -> None:
        self._prepared: _Prepared | None = None
        super().__init__(params, defaults)

    def _rule(self, group: Group, count: float) -> Rule:
        """Return how parameters of a group are to change.

        Args:
            group: their options.
            count: which step it is for them; where the state does not count, 1 is the first and 0 any other.
        """
        raise NotImplementedError

    def _unused_state(self, group: Group) -> set[str]:
        """Return the names of what the state does not have with the options of a group."""
        return set()

    def _initial_value(self, name: str) -> float:
        """Return what an array of the state is filled with before the first step."""
        return 0.0

    def step(self, closure: Closure | None = None) -> Any:
        """See `Optimizer.step`."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
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
        return _Members(group, self._names(group), parameters, gradients)

    def _names(self, group: Group) -> Names:
        unused = self._unused_state(group)
        return tuple(None if name in unused else name for name in self._state_names)

    def _change(self, work: list[_Members]) -> None:
        parameters = [parameter for members in work for parameter in members.parameters]
        layout = [(members.names, len(members.parameters)) for members in work]
        prepared, self._prepared = self._prepared, None
        counts = [0.0] * len(parameters)
        # To find out again where all arrays are would take longer than to change them.
        if prepared is None or prepared.layout != layout or not _same(prepared.arrays, self._arrays(parameters)):
            for parameter in parameters:
                check_elements(parameter.array)
            counts = [float(self._begin(each, members.names)) for members in work for each in members.parameters]
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

    def _begin(self, parameter: Tensor, names: Names) -> bool:
        """Give a parameter the state that it lacks, and return whether it lacked any."""
        missing = [name for name in names if name and name not in self.state[parameter]]
        for name in missing:
            value = tensor(0.0) if name == STEP else full_like(parameter, self._initial_value(name))
            self.state[parameter][name] = value
        return bool(missing)

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

    def __getstate__(self) -> dict[str, Any]:
        # A copy has arrays of its own.
        return {**self.__dict__, "_prepared": None}

    def _check_state(self, number: int, entry: Mapping[str, Any], parameter: Tensor, group: Group) -> None:
        """See `Optimizer._check_state`; what an option that is off now has left behind is no error."""
        needed = {name for name in self._names(group) if name}
        if not needed <= set(entry) <= set(self._state_names):
            raise ValueError(
                f"loaded state dict is of another optimizer: parameter {number} has {sorted(entry)}, "
                f"where {type(self).__name__} has {sorted(needed)}"
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


def _same(first: list[Array], second: list[Array]) -> bool:
    return len(first) == len(second) and all(map(operator.is_, first, second))


def _count_step(step: Array) -> float:
    count: float = step.item() + 1
    step.fill(count)
    return count


def sign(group: Group) -> float:
    """Return the factor of the gradients of a group."""
    return -1 if group["maximize"] else 1


def check_not_negative(name: str, value: float) -> None:
    """Raise PyTorch's ValueError if one of an optimizer's options is negative, NaN, or several numbers."""
    if isinstance(value, Tensor) and value.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    if not 0.0 <= value:  # noqa: SIM300 (so a text is refused in PyTorch's words, too)
        raise ValueError(f"Invalid {name}: {value}")


def check_fused(fused: bool | None, foreach: bool | None, differentiable: bool) -> None:
    """Raise PyTorch's RuntimeError if options contradict each other that have no effect here."""
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
