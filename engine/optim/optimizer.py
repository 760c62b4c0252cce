"""Optimizer, the base of all that turn gradients into better parameters.

Source: the surface, the structure of `state_dict` and the messages are those of PyTorch's `torch.optim`.
"""

from __future__ import annotations

import copy
import functools
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nnkit.registry import Registry
from nnkit.tensors import Tensor, no_grad
from nnkit.tensors.naming import typename

Parameters = Iterable[Tensor] | Iterable[tuple[str, Tensor]] | Iterable[dict[str, Any]]
Group = dict[str, Any]
Closure = Callable[[], Any]

OPTIMIZERS: Registry[type[Optimizer]] = Registry("optimizer")


class Optimizer:
    """What all optimizers share: groups of parameters with their options, and a state per parameter.

    A subclass overrides `step`, which finds the parameters and their options in `param_groups` and may keep what it
    likes about a parameter in `state`.

    Args:
        params: the parameters, pairs of a name and a parameter, or dictionaries of "params" and options that differ
            from the defaults.
        defaults: the options of groups that do not give their own.

    Attributes:
        param_groups: the groups, each a dictionary of "params" and all options.
        state: a dictionary for each parameter that has been changed.
        defaults: as given.

    Raises:
        TypeError: something else than tensors or dictionaries.
        ValueError: no parameters, or one that is not a leaf or is given twice.

    Examples:
        >>> class SignDescent(optim.Optimizer):
        ...     def __init__(self, params, lr):
        ...         super().__init__(params, {"lr": lr})
        ...
        ...     @torch.no_grad()
        ...     def step(self):
        ...         for group in self.param_groups:
        ...             for parameter in group["params"]:
        ...                 parameter -= group["lr"] * parameter.grad.sign()
        >>> weight = nn.Parameter(torch.tensor([1.0, -2.0]))
        >>> optimizer = SignDescent([weight], lr=0.5)
        >>> weight.square().sum().backward()
        >>> optimizer.step()
        >>> weight.tolist()
        [0.5, -1.5]
    """

    # Whether `step` has been called; None as long as there is no schedule that could ask.
    _stepped: bool | None = None

    def __init__(self, params: Parameters, defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got {typename(params)}"
            )
        self.defaults = defaults
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[Group] = []
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        # A schedule warns where no step has been taken, whoever has written it.
        if "step" in cls.__dict__:
            cls.step = _noted(cls.step)  # type: ignore[method-assign]

    def add_param_group(self, param_group: Group) -> None:
        """Add parameters that have options of their own.

        Args:
            param_group: "params", and any options that differ from the defaults; the others are added to it.

        Raises:
            TypeError: it is not a dictionary, or its parameters are not tensors in an ordered collection.
            ValueError: a parameter is not a leaf, belongs to another group, or has no name where others have.

        Examples:
            >>> optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1)
            >>> optimizer.add_param_group({"params": nn.Linear(1, 1).parameters(), "lr": 0.01})
            >>> [group["lr"] for group in optimizer.param_groups]
            [0.1, 0.01]
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of tensors "
                "in sets will change between runs. Please use a list instead."
            )
        params = [params] if isinstance(params, Tensor) else list(params)
        names = [member[0] for member in params if isinstance(member, tuple)]
        if names:
            if len(names) != len(params):
                raise ValueError("all optimizer params should be with/without names. Some param names are missing")
            params = [member[1] for member in params]
            param_group["param_names"] = names
        param_group["params"] = params
        for parameter in params:
            if not isinstance(parameter, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {typename(parameter)}")
            if not parameter.is_leaf and not parameter.retains_grad:
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, value in self.defaults.items():
            param_group.setdefault(name, value)
        if len(set(params)) != len(params):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause "
                "an error; see github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=3,
            )
        if any(("param_names" in group) != ("param_names" in param_group) for group in self.param_groups):
            with_or_without = "with" if names else "without"
            raise ValueError(
                "all optimizer param groups should be with/without names. "
                f"cannot add param group {with_or_without} names to the optimizer"
            )
        if not set(params).isdisjoint(known for group in self.param_groups for known in group["params"]):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(param_group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters, or fill them with zeros.

        Examples:
            >>> weight = nn.Parameter(torch.ones(2))
            >>> optimizer = optim.SGD([weight], lr=0.1)
            >>> weight.sum().backward()
            >>> optimizer.zero_grad()
            >>> print(weight.grad)
            None
        """
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

        Examples:
            >>> weight = nn.Parameter(torch.ones(2))
            >>> optimizer = optim.SGD([weight], lr=0.1)
            >>> weight.sum().backward()
            >>> optimizer.step()
            >>> weight.data
            tensor([0.9000, 0.9000])
        """
        raise NotImplementedError

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

        Examples:
            >>> state = optim.Adam(nn.Linear(2, 1).parameters()).state_dict()
            >>> list(state), state["param_groups"][0]["params"]
            (['state', 'param_groups'], [0, 1])
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
        """Return the place of each parameter among all; the last one if it has several."""
        parameters = (parameter for group in self.param_groups for parameter in group["params"])
        return {parameter: number for number, parameter in enumerate(parameters)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the state and the options of an optimizer of the same kind; on any error nothing changes.

        Args:
            state_dict: what `state_dict` returned; its tensors become those of this optimizer.

        Raises:
            KeyError: it has no "state" or no "param_groups".
            ValueError: it belongs to another kind of optimizer, or to parameters of other shapes or dtypes.

        Examples:
            >>> optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1)
            >>> optimizer.load_state_dict(optim.SGD(nn.Linear(2, 1).parameters(), lr=0.5).state_dict())
            >>> optimizer.param_groups[0]["lr"]
            0.5
        """
        saved = state_dict.copy()["param_groups"]
        if len(saved) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        counts = [len(group["params"]) for group in self.param_groups]
        if counts != [len(group["params"]) for group in saved]:
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        entries = state_dict["state"].copy()
        groups = [
            {**copy.deepcopy(loaded), "params": group["params"]}
            for loaded, group in zip(saved, self.param_groups, strict=True)
        ]
        for group, present in zip(groups, self.param_groups, strict=True):
            if "param_names" in present:
                group.setdefault("param_names", present["param_names"])
            self._check_options(group)
        state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        for loaded, group in zip(saved, groups, strict=True):
            for number, parameter in zip(loaded["params"], group["params"], strict=True):
                if number in entries:
                    entry = entries.pop(number)
                    self._check_state(number, entry, parameter, group)
                    state[parameter] = dict(entry)
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
        """Raise ValueError if a parameter, which has this number, cannot have such a state."""


def _noted(step: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(step)
    def noted(self: Optimizer, *arguments: Any, **options: Any) -> Any:
        if self._stepped is not None:
            self._stepped = True
        return step(self, *arguments, **options)

    return noted
