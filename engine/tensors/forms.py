"""The ways to call a function that PyTorch declares, and its words for what fits none of them.

A form is one way, as PyTorch's messages have it: `(int dim, bool keepdim = False)`. Two marks are of these files' own:
`tuple of ints[1]` may be one number as well, and with a question mark None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nnkit.devices import device
from nnkit.dtypes import OF_PYTHON, Scalar, dtype
from nnkit.tensors.base import TensorBase
from nnkit.tensors.size import Size

# NumPy's names of some arguments, which PyTorch takes too.
NUMPY_NAMES = {"dim": ("axis",), "keepdim": ("keepdims",), "input": ("x", "a", "x1"), "other": ("x2",)}
_LISTS = ("tuple of ints", "tuple of ints[1]")


class Argument(NamedTuple):
    """One argument of a form."""

    kind: str
    name: str
    default: str | None
    by_name: bool

    @property
    def kind_told(self) -> str:
        """The type as messages have it."""
        return self.kind.removesuffix("?").removesuffix("[1]")

    def given(self, options: Mapping[str, Any]) -> str | None:
        """Return the name under which options have it."""
        return next((name for name in (self.name, *NUMPY_NAMES.get(self.name, ())) if name in options), None)


class MismatchError(Exception):
    """What a form has against arguments."""


class Form:
    """One way to call a function."""

    def __init__(self, text: str, *, numbers: bool) -> None:
        self.told = text.replace("[1]?", "").replace("[1]", "")
        self._numbers = numbers
        self.arguments: list[Argument] = []
        by_name = False
        for part in filter(None, text[1:-1].split(", ")):
            if part == "*":
                by_name = True
                continue
            declared, _, default = part.partition(" = ")
            kind, _, name = declared.rpartition(" ")
            self.arguments.append(Argument(kind, name, default or None, by_name))
        self.positional = sum(not each.by_name for each in self.arguments)
        self.required = sum(each.default is None for each in self.arguments)

    def takes_sizes(self) -> bool:
        """Return whether the only argument is a tuple of ints, which may be given one by one."""
        return self.positional == 1 and self.arguments[0].kind == "tuple of ints"

    def sizes(self) -> str | None:
        """Return the name of the last positional argument if it is a tuple of ints."""
        last = self.arguments[self.positional - 1] if self.positional else None
        return last.name if last is not None and last.kind == "tuple of ints" else None

    def mismatch(self, name: str, args: Sequence[Any], options: Mapping[str, Any]) -> str | None:
        """Return, in PyTorch's words, what keeps these from being arguments of this form, or None.

        Raises:
            TypeError: they are of this form, and still none that can be used.
        """
        try:
            self._check(name, args, options)
        except MismatchError as mismatch:
            return str(mismatch)
        return None

    def _check(self, name: str, args: Sequence[Any], options: Mapping[str, Any]) -> None:
        one_by_one = self.takes_sizes() and bool(args) and _is_size(args[0])
        if len(args) > self.positional and not one_by_one:
            raise MismatchError(self._too_many(name, len(args)))
        if one_by_one:
            args = (args,)
        place = named = 0
        for number, argument in enumerate(self.arguments):
            key = None
            if place < len(args):
                if argument.by_name:
                    raise MismatchError(self._too_many(name, len(args)))
                value = args[place]
            elif (key := argument.given(options)) is not None:
                value = options[key]
                named += 1
            elif argument.default is None:
                raise MismatchError(self._missing(name, number))
            else:
                continue
            self._check_value(name, argument, value, None if key else place + 1)
            place += key is None
        if named < len(options):
            raise MismatchError(self._unexpected(name, options, len(args)))

    def _check_value(self, name: str, argument: Argument, value: Any, position: int | None) -> None:
        kind = argument.kind.removesuffix("?")
        if value is None and (argument.default == "None" or kind != argument.kind):
            return
        if fits(kind, value, numbers=self._numbers):
            if kind == "tuple of Tensors":
                _check_tensors(value)
            if kind in _LISTS and isinstance(value, list | tuple):
                _check_sizes(name, argument, value)
            return
        where = f"{name}(): argument '{argument.name}'{'' if position is None else f' (position {position})'}"
        in_list = argument.kind == "tuple of ints" and isinstance(value, list | tuple) and position is not None
        if in_list:
            found = f"found element of type {type_name(value[0])} at pos 0"
            raise MismatchError(f"{where} must be {argument.kind_told}, but {found}")
        raise MismatchError(f"{where} must be {argument.kind_told}, not {type_name(value)}")

    def _too_many(self, name: str, count: int) -> str:
        least, most = self.required, self.positional
        if least != most:
            return f"{name}() takes from {least} to {most} positional arguments but {count} were given"
        plural, verb = "" if most == 1 else "s", "was" if count == 1 else "were"
        return f"{name}() takes {most} positional argument{plural} but {count} {verb} given"

    def _missing(self, name: str, start: int) -> str:
        names = [f'"{each.name}"' for each in self.arguments[start:] if each.default is None]
        # PyTorch has it the wrong way round.
        plural = "s" if len(names) == 1 else ""
        return f"{name}() missing {len(names)} required positional argument{plural}: {', '.join(names)}"

    def _unexpected(self, name: str, options: Mapping[str, Any], count: int) -> str:
        known = [each.name for each in self.arguments]
        for key in options:
            if key not in known:
                return f"{name}() got an unexpected keyword argument '{key}'"
            if known.index(key) < count:
                return f"{name}() got multiple values for argument '{key}'"
        return "invalid keyword arguments"

    def compared(self, args: Sequence[Any], options: Mapping[str, Any]) -> str:
        """Return what did not match where as many arguments were given as the form has.

        PyTorch tears the text of a form apart at its commas for this. An argument with a default has, to this part of
        it, the default as its name and a type that nothing matches.
        """
        parts = [part.rpartition(" ")[::2] for part in self.told[1:-1].split(", ")]
        if len(args) + len(options) != len(parts):
            return ""
        unknown = [key for key in options if key not in (name for _, name in parts[len(args) :])]
        if unknown:
            return f"the keywords were incorrect: {', '.join(unknown)}"
        given = [*(("", value) for value in args), *((f"{name}=", options[name]) for _, name in parts[len(args) :])]
        told = [
            (f"{name}{described(value)}" if type_name(value) == kind else f"!{name}{described(value)}!")
            for (kind, _), (name, value) in zip(parts, given, strict=True)
        ]
        return f"the arguments have invalid types: ({', '.join(told)})"


def described(value: Any) -> str:
    """Return the type of a value, with those of its elements where it is a list."""
    if not isinstance(value, list | tuple):
        return type_name(value)
    inside = ", ".join(type_name(each) for each in value)
    if isinstance(value, list):
        return f"list of [{inside}]"
    return f"{type_name(value)} of ({inside}{',' if len(value) == 1 else ''})"


def refuse(name: str, forms: Sequence[Form], args: Sequence[Any], options: Mapping[str, Any], *, older: bool) -> None:
    """Raise PyTorch's TypeError unless arguments are those of one of the forms.

    Args:
        name: the function, as messages call it.
        forms: the ways to call it.
        args: arguments in their order.
        options: arguments by name.
        older: whether PyTorch knows more forms, which its messages leave out.
    """
    found = [form.mismatch(name, args, options) for form in forms]
    if None in found:
        return
    count = len(args) + len(options)
    possible = [number for number, form in enumerate(forms) if form.required <= count <= len(form.arguments)]
    if len(forms) == 1 and not older:
        possible = [0]
    if len(possible) == 1:
        raise TypeError(found[possible[0]])
    received = f"{name}() received an invalid combination of arguments - got"
    if len(forms) == 1:
        (form,) = forms
        compared = form.compared(args, options).partition(": ")[2]
        raise TypeError(f"{received} {compared or given(args, options)}, but expected {form.told}")
    lines = [f"{received} {given(args, options)}, but expected one of:\n"]
    for form in forms:
        compared = form.compared(args, options)
        lines.append(f" * {form.told}\n" + (f"      didn't match because some of {compared}\n" if compared else ""))
    raise TypeError("".join(lines))


def given(args: Sequence[Any], options: Mapping[str, Any]) -> str:
    """Return the types of arguments, with the comma that PyTorch leaves after names alone."""
    by_place = ", ".join(type_name(value) for value in args)
    by_name = ", ".join(f"{key}={type_name(value)}" for key, value in options.items())
    if not args:
        return f"({by_name}, )" if options else "()"
    return f"({by_place}, {by_name})" if options else f"({by_place})"


def _check_sizes(name: str, argument: Argument, sizes: Sequence[Any]) -> None:
    """Raise PyTorch's TypeError of what it finds only when a form has been chosen."""
    for position, size in enumerate(sizes):
        if not _is_size(size):
            raise TypeError(
                f"{name}(): argument '{argument.name}' failed to unpack the object at pos {position + 1} with error "
                f'"type must be tuple of ints,but got {type_name(size)}"'
            )


def _check_tensors(tensors: Sequence[Any]) -> None:
    for position, each in enumerate(tensors):
        if not isinstance(each, TensorBase):
            raise TypeError(f"expected Tensor as element {position} in argument 0, but got {type_name(each)}")


def _is_size(value: Any) -> bool:
    if isinstance(value, TensorBase):
        return value.array.size == 1 and value.array.dtype.kind in "iu"
    return hasattr(value, "__index__") and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    plain = isinstance(value, Scalar | np.number | np.bool_)
    return plain or (isinstance(value, TensorBase) and value.array.ndim == 0 and not value.requires_grad)


def fits(kind: str, value: Any, *, numbers: bool = False) -> bool:
    """Return whether a value can be an argument of a type, with `numbers` also for a tensor."""
    if kind == "Tensor":
        return isinstance(value, TensorBase) or (numbers and _is_number(value))
    if kind in ("Number", "float"):
        return _is_number(value)
    if kind == "int":
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        return whole or (isinstance(value, TensorBase) and _is_number(value) and value.array.dtype.kind in "iu")
    if kind in _LISTS:
        if isinstance(value, list | tuple):
            return not value or _is_size(value[0])
        return kind.endswith("[1]") and fits("int", value)
    if kind == "tuple of Tensors":
        return isinstance(value, list | tuple)
    if kind == "torch.dtype":
        return isinstance(value, dtype) or (isinstance(value, type) and value in OF_PYTHON)
    if kind == "torch.device":
        return isinstance(value, str | device) or fits("int", value)
    if kind == "torch.Generator":
        return hasattr(value, "stream")
    types = {"bool": bool | np.bool_, "str": str}
    return kind not in types or isinstance(value, types[kind])


def type_name(value: Any) -> str:
    """Return what C calls the type of a value: with its module where the type is not written in Python."""
    kind = type(value)
    is_of_python = bool(kind.__flags__ & 1 << 9)
    if kind in (dtype, device, Size):
        return f"torch.{kind.__name__}"
    return kind.__name__ if is_of_python or kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
