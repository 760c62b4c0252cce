"""Optimizer, the base of all rules that turn gradients into better parameters.

Source: the surface, the structure of `state_dict` and the messages are those of PyTorch's `torch.optim`.
"""

from __future__ import annotations

import copy
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.nn.naming import typename
from nnkit.registry import Registry
from nnkit.tensors import Tensor, enable_grad, no_grad

Parameters = Iterable[Tensor] | Iterable[dict[str, Any]]
Group = dict[str, Any]
State = dict[str, Any]
Closure = Callable[[], Any]

OPTIMIZERS: Registry[type[Optimizer]] = Registry("optimizer")


class Scratch:
    """Arrays for intermediate results that are kept from step to step, so that a step allocates nothing."""

    def __init__(self) -> None:
        self._arrays: dict[tuple[int, tuple[int, ...], np.dtype[Any]], Array] = {}

    def like(self, array: Array, number: int = 0) -> Array:
        """Return an array of the same shape and dtype; different numbers are different arrays."""
        key = (number, array.shape, array.dtype)
        found = self._arrays.get(key)
        if found is None:
            found = self._arrays[key] = np.empty_like(array)
        return found


class Optimizer:
    """What all optimizers share: groups of parameters with their options, and a state per parameter.

    A subclass implements `_update` for one parameter and names what it keeps in `_state_names`.

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
        self._scratch = Scratch()
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
        with no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    if set_to_none:
                        parameter.grad = None
                    elif parameter.grad is not None:
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
        # A gradient that is not finite makes the parameter so, as in PyTorch; NumPy need not warn of it.
        with np.errstate(all="ignore"):
            for group in self.param_groups:
                for parameter in group["params"]:
                    if parameter.grad is not None:
                        self._update(parameter, parameter.array, parameter.grad.array, group)
                        # The tape must notice that values it may have kept are no longer what they were.
                        parameter.version.value += 1
        return loss

    def _update(self, parameter: Tensor, values: Array, gradient: Array, group: Group) -> None:
        """Change the values of one parameter in place; `gradient` must not be changed."""
        raise NotImplementedError

    def _state_names(self, group: Group) -> set[str]:
        """Return what a parameter of this group has in `state` after a step."""
        raise NotImplementedError

    def _direction(self, values: Array, gradient: Array, group: Group, decay: float) -> Array:
        """Return the gradient to go down: turned round to maximize, and with weight decay added.

        The result is `gradient` itself or the scratch array number 0.
        """
        if not group["maximize"] and decay == 0:
            return gradient
        result = self._scratch.like(values)
        if decay == 0:
            return np.negative(gradient, out=result)
        np.multiply(values, decay, out=result)
        combine = np.subtract if group["maximize"] else np.add
        return combine(result, gradient, out=result)

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
        expected = self._state_names(group)
        if set(entry) != expected:
            raise ValueError(
                f"loaded state dict is of another optimizer: parameter {number} has {sorted(entry)}, "
                f"where {type(self).__name__} has {sorted(expected)}"
            )
        for name, value in entry.items():
            if not isinstance(value, Tensor):
                raise ValueError(f"{name} of parameter {number} is not a Tensor but {typename(value)}")
            if name == "step":
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


def check_not_negative(name: str, value: float) -> None:
    """Raise PyTorch's ValueError if one of an optimizer's options is negative or NaN."""
    if not value >= 0.0:
        raise ValueError(f"Invalid {name}: {value}")
