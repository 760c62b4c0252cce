"""Tensor methods that compare elements, and those that calculate with truth values and bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from nnkit.dtypes import Scalar, common_type, of_array
from nnkit.ops.operation import check_broadcast
from nnkit.recording import note_obstacle
from nnkit.tensors.base import TensorBase
from nnkit.tensors.elementary import Elementary

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor

Operand = Any  # a Tensor or a Python number; anything else lets Python try the other operand


def is_operand(other: object) -> bool:
    """Return whether a tensor can be combined with something."""
    return isinstance(other, TensorBase | Scalar | np.number | np.bool_)


def scalar(value: Any) -> Any:
    """Return a number of NumPy's as one of Python's, and anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


class Comparing(Elementary):
    """Comparisons, and what is done with their results."""

    def _compare(self, other: Operand, compare: Callable[..., Any]) -> Tensor:
        right = other.array if isinstance(other, TensorBase) else scalar(other)
        check_broadcast((self.array, right))
        common = common_type((self.array, right))
        values = compare(self.array.astype(common, copy=False), np.asarray(right).astype(common, copy=False))
        return self.detached(np.asarray(values))

    def eq(self, other: Operand) -> Tensor:
        """Return whether self == other, element by element.

        Examples:
            >>> torch.tensor([1, 2]).eq(2)
            tensor([False,  True])
        """
        return self._compare(other, np.equal)

    def ne(self, other: Operand) -> Tensor:
        """Return whether self != other, element by element.

        Examples:
            >>> torch.tensor([1, 2]).ne(2)
            tensor([ True, False])
        """
        return self._compare(other, np.not_equal)

    def lt(self, other: Operand) -> Tensor:
        """Return whether self < other, element by element.

        Examples:
            >>> torch.tensor([1, 2]).lt(2)
            tensor([ True, False])
        """
        return self._compare(other, np.less)

    def le(self, other: Operand) -> Tensor:
        """Return whether self <= other, element by element.

        Examples:
            >>> torch.tensor([1, 2]).le(1)
            tensor([ True, False])
        """
        return self._compare(other, np.less_equal)

    def gt(self, other: Operand) -> Tensor:
        """Return whether self > other, element by element.

        Examples:
            >>> torch.tensor([1, 2]).gt(1)
            tensor([False,  True])
        """
        return self._compare(other, np.greater)

    def ge(self, other: Operand) -> Tensor:
        """Return whether self >= other, element by element.

        Examples:
            >>> torch.tensor([1, 2]).ge(2)
            tensor([False,  True])
        """
        return self._compare(other, np.greater_equal)

    def equal(self, other: Tensor) -> bool:
        """Return whether two tensors have the same shape and the same elements.

        Examples:
            >>> torch.tensor([1, 2]).equal(torch.tensor([1, 2]))
            True
        """
        note_obstacle("equal()")
        return self.array.shape == other.array.shape and bool((self.array == other.array).all())

    def allclose(self, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
        """Return whether all elements are as near as rtol * |other| + atol; see `isclose`.

        Examples:
            >>> torch.tensor([1.0]).allclose(torch.tensor([1.0 + 1e-7]))
            True
        """
        note_obstacle("allclose()")
        return bool(self.isclose(other, rtol, atol, equal_nan).array.all())

    def isclose(self, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
        """Return which elements are as near as rtol * |other| + atol.

        Args:
            other: a tensor of the same type.
            rtol: the part of `other` that they may differ by.
            atol: what they may differ by in any case.
            equal_nan: whether NaN is near NaN.

        Raises:
            RuntimeError: the types differ, or a tolerance is negative.

        Examples:
            >>> torch.tensor([1.0, 2.0]).isclose(torch.tensor([1.0, 2.1]))
            tensor([ True, False])
        """
        if self.array.dtype != other.array.dtype:
            raise RuntimeError(f"{of_array(self.array).label} did not match {of_array(other.array).label}")
        for name, tolerance in (("rtol", rtol), ("atol", atol)):
            if tolerance < 0:
                raise RuntimeError(f"{name} must be greater than or equal to zero, but got {tolerance:g}")
        check_broadcast((self.array, other.array))
        return self.detached(np.asarray(np.isclose(self.array, other.array, rtol, atol, equal_nan)))

    def _bitwise(self, name: str, other: Operand, combine: Callable[..., Any], refused: str = "f") -> Tensor:
        right = other.array if isinstance(other, TensorBase) else scalar(other)
        check_broadcast((self.array, right))
        common = common_type((self.array, right))
        if common.kind in refused:
            label = of_array(np.empty(0, common)).label
            raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{label}'")
        left, right = (np.asarray(each).astype(common, copy=False) for each in (self.array, right))
        return self.detached(np.asarray(combine(left, right)))

    def bitwise_and(self, other: Operand) -> Tensor:
        """Return the conjunction of the bits of whole numbers, or of truth values.

        Raises:
            NotImplementedError: the numbers have a fraction.

        Examples:
            >>> torch.tensor([5, 6]).bitwise_and(3)
            tensor([1, 2])
        """
        return self._bitwise("bitwise_and", other, np.bitwise_and)

    def bitwise_or(self, other: Operand) -> Tensor:
        """Return the disjunction of the bits of whole numbers, or of truth values.

        Raises:
            NotImplementedError: the numbers have a fraction.

        Examples:
            >>> torch.tensor([5, 6]).bitwise_or(3)
            tensor([7, 7])
        """
        return self._bitwise("bitwise_or", other, np.bitwise_or)

    def bitwise_xor(self, other: Operand) -> Tensor:
        """Return the exclusive disjunction of the bits of whole numbers, or of truth values.

        Raises:
            NotImplementedError: the numbers have a fraction.

        Examples:
            >>> torch.tensor([5, 6]).bitwise_xor(3)
            tensor([6, 5])
        """
        return self._bitwise("bitwise_xor", other, np.bitwise_xor)

    def bitwise_not(self) -> Tensor:
        """Return the opposite of the bits of whole numbers, or of truth values.

        Raises:
            NotImplementedError: the numbers have a fraction.

        Examples:
            >>> torch.tensor([0, 5]).bitwise_not(), torch.tensor([True, False]).bitwise_not()
            (tensor([-1, -6]), tensor([False,  True]))
        """
        if self.array.dtype.kind == "f":
            raise NotImplementedError(f"\"bitwise_not_cpu\" not implemented for '{of_array(self.array).label}'")
        return self.detached(np.asarray(np.invert(self.array)))

    def __and__(self, other: Operand) -> Tensor:
        return self.bitwise_and(other) if is_operand(other) else NotImplemented

    def __or__(self, other: Operand) -> Tensor:
        return self.bitwise_or(other) if is_operand(other) else NotImplemented

    def __xor__(self, other: Operand) -> Tensor:
        return self.bitwise_xor(other) if is_operand(other) else NotImplemented

    def __lshift__(self, other: Operand) -> Tensor:
        return self._bitwise("lshift", other, np.left_shift, "fb") if is_operand(other) else NotImplemented

    def __rshift__(self, other: Operand) -> Tensor:
        return self._bitwise("rshift", other, np.right_shift, "fb") if is_operand(other) else NotImplemented

    __rand__ = __and__
    __ror__ = __or__
    __rxor__ = __xor__

    def __invert__(self) -> Tensor:
        if self.array.dtype.kind == "f":
            raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
        return self.bitwise_not()

    def __eq__(self, other: object) -> Any:
        if isinstance(other, np.ndarray):
            other = self.detached(other)
        return self.eq(other) if is_operand(other) else NotImplemented

    def __ne__(self, other: object) -> Any:
        return self.ne(other) if is_operand(other) else NotImplemented

    def __lt__(self, other: Operand) -> Tensor:
        return self.lt(other) if is_operand(other) else NotImplemented

    def __le__(self, other: Operand) -> Tensor:
        return self.le(other) if is_operand(other) else NotImplemented

    def __gt__(self, other: Operand) -> Tensor:
        return self.gt(other) if is_operand(other) else NotImplemented

    def __ge__(self, other: Operand) -> Tensor:
        return self.ge(other) if is_operand(other) else NotImplemented

    # Tensors are equal element by element, so as keys and in sets they are told apart by identity.
    def __hash__(self) -> int:
        return id(self)
