"""The tensor: an array, and its place on the tape."""

from __future__ import annotations

import builtins
import copy
import warnings
from typing import Any

import numpy as np

from nnkit import ops
from nnkit.devices import available
from nnkit.kernels import Backend, backend_for
from nnkit.ops import Operation
from nnkit.recording import Call, active, note_obstacle
from nnkit.tape import Edge, Kind, Node, is_recording, new_version, node_class
from nnkit.tensors.arithmetic import Arithmetic
from nnkit.tensors.arranging import Arranging
from nnkit.tensors.backward import backward
from nnkit.tensors.comparing import is_operand
from nnkit.tensors.converting import Converting, destination
from nnkit.tensors.describing import Describing
from nnkit.tensors.explaining import with_explained_methods
from nnkit.tensors.formatting import tensor_text
from nnkit.tensors.in_place import InPlace
from nnkit.tensors.indexing import Indexing
from nnkit.tensors.interoperation import Interoperation
from nnkit.tensors.legacy import legacy_array
from nnkit.tensors.making import Making
from nnkit.tensors.overwriting import Overwriting
from nnkit.tensors.picking import Picking
from nnkit.tensors.reducing import Reducing
from nnkit.tensors.versions import saved_tensors
from nnkit.tensors.views import Creation, Origin, Step


@with_explained_methods
class Tensor(
    Describing,
    Overwriting,
    Arithmetic,
    InPlace,
    Reducing,
    Arranging,
    Picking,
    Making,
    Converting,
    Indexing,
    Interoperation,
):
    """An array of any number of dimensions that remembers how it was made.

    `nnkit.tensor` makes one from numbers; the old forms `Tensor([1, 2])` and `Tensor(2, 3)`, float32 numbers and a
    shape, work too.

    Examples:
        >>> torch.Tensor([1, 2])
        tensor([1., 2.])
        >>> torch.Tensor(2, 3).shape
        torch.Size([2, 3])
    """

    # Its public home, which is what `type(x)` shows.
    __module__ = "nnkit"

    def __init__(self, *data: Any, **options: Any) -> None:
        self.array = legacy_array(data, options)
        self.version = new_version()
        if data and isinstance(data[0], Tensor):
            vars(self).update(vars(data[0].view_as(data[0])))

    @property
    def backend(self) -> Backend:
        """What calculates with this tensor."""
        return backend_for(self.device.type)

    # Out of it ------------------------------------------------------------------------------------------

    def item(self) -> Any:
        """Return the only element as a Python number.

        Raises:
            RuntimeError: there is not exactly one.

        Examples:
            >>> torch.tensor([2.5]).item()
            2.5
        """
        if self.array.size != 1:
            raise RuntimeError(f"a Tensor with {self.array.size} elements cannot be converted to Scalar")
        note_obstacle("item()")
        return self.array.item()

    def tolist(self) -> Any:
        """Return the elements as nested lists of Python numbers.

        Examples:
            >>> torch.tensor([[1, 2], [3, 4]]).tolist()
            [[1, 2], [3, 4]]
        """
        note_obstacle("tolist()")
        return self.array.tolist()

    def __bool__(self) -> builtins.bool:
        if self.array.size != 1:
            many = "more than one value" if self.array.size else "no values"
            raise RuntimeError(f"Boolean value of Tensor with {many} is ambiguous")
        note_obstacle("the truth of a tensor")
        return bool(self.array.item())

    def _number(self) -> Any:
        if self.array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        if self.requires_grad:
            warnings.warn(
                "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\n"
                "Consider using tensor.detach() first.",
                UserWarning,
                stacklevel=3,
            )
        note_obstacle("a tensor as a number")
        return self.array.item()

    def __float__(self) -> builtins.float:
        return float(self._number())

    def __int__(self) -> builtins.int:
        return int(self._number())

    def __index__(self) -> builtins.int:
        if self.array.size != 1 or self.array.dtype.kind not in "iu":
            raise TypeError("only integer tensors of a single element can be converted to an index")
        note_obstacle("a tensor as an index")
        return int(self.array.item())

    def __len__(self) -> builtins.int:
        if self.array.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return len(self.array)

    def __contains__(self, element: Any) -> builtins.bool:
        if not is_operand(element):
            raise RuntimeError(
                f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}."
            )
        return bool((self == element).any())

    def __repr__(self) -> str:
        note_obstacle("the text of a tensor")
        return tensor_text(self)

    def __format__(self, specification: str) -> str:
        if self.array.ndim == 0:
            note_obstacle("the text of a tensor")
            return format(self.array.item(), specification)
        return object.__format__(self, specification)

    # Into another ---------------------------------------------------------------------------------------

    def to(
        self,
        *targets: Any,
        dtype: Any = None,
        device: Any = None,
        non_blocking: builtins.bool = False,
        copy: builtins.bool = False,
    ) -> Tensor:
        """Return the tensor with another element type, or on another device.

        Args:
            targets: a device, an element type, both, or a tensor that has them; then `non_blocking` and `copy`.
            dtype: the element type.
            device: where it is to be.
            non_blocking: has no effect on the CPU.
            copy: return a copy also where nothing is to be changed.

        Raises:
            AssertionError: the device is a CUDA device.

        Examples:
            >>> torch.tensor([1, 2]).to(torch.float64)
            tensor([1., 2.], dtype=torch.float64)
        """
        kind, copied = destination(targets, dtype, device, copy)
        if copied or kind not in (None, self.dtype):
            return self.apply(ops.ToCopy, kind=(kind or self.dtype).numpy)
        return self

    def cpu(self) -> Tensor:
        """Return the tensor on the CPU.

        Examples:
            >>> torch.ones(2).cpu().device
            device(type='cpu')
        """
        return self

    def cuda(self, device: Any = None) -> Tensor:
        """Return the tensor on a CUDA device.

        Raises:
            AssertionError: there is no CUDA backend.

        Examples:
            >>> torch.ones(2).cuda()
            Traceback (most recent call last):
                ...
            AssertionError: Torch not compiled with CUDA enabled
        """
        return self.to(available("cuda" if device is None else device))

    def contiguous(self) -> Tensor:
        """Return the tensor, or a copy whose elements lie one after the other.

        Examples:
            >>> x = torch.ones(2, 3).t()
            >>> x.is_contiguous(), x.contiguous().is_contiguous()
            (False, True)
        """
        return self if self.is_contiguous() else self.apply(ops.Clone, contiguous=True)

    # Operations -----------------------------------------------------------------------------------------

    def apply(self, operation: builtins.type[Operation], *others: Any, **options: Any) -> Tensor:
        """See `TensorBase.apply`.

        Examples:
            >>> from nnkit import ops
            >>> torch.tensor([4.0]).apply(ops.Sqrt)
            tensor([2.])
        """
        return apply(operation, self, *others, **options)

    def apply_all(self, operation: builtins.type[Operation], *others: Any, **options: Any) -> tuple[Tensor, ...]:
        """See `TensorBase.apply_all`.

        Examples:
            >>> from nnkit import ops
            >>> torch.tensor([1, 2]).apply_all(ops.Unbind, dim=0)
            (tensor(1), tensor(2))
        """
        return apply_all(operation, self, *others, **options)

    @staticmethod
    def detached(array: Any) -> Tensor:
        """See `TensorBase.detached`."""
        return _wrapped(array)

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: builtins.bool | None = None,
        create_graph: builtins.bool = False,
        inputs: Any = None,
    ) -> None:
        """Add the gradients of this tensor to the leaves that it was made from.

        Args:
            gradient: the gradient of something with respect to this tensor; 1 if the tensor is a single number.
            retain_graph: keep what is needed to do it again.
            create_graph: put the gradients on the tape, so that they can be differentiated themselves.
            inputs: the tensors whose `.grad` is added to; all leaves if it is None.

        Raises:
            RuntimeError: the graph has been freed, the tensor is no single number, or nothing requires a gradient.

        Examples:
            >>> x = torch.tensor(3.0, requires_grad=True)
            >>> (x * x).backward()
            >>> x.grad
            tensor(6.)
        """
        backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def __copy__(self) -> Tensor:
        # Without `__reduce_ex__`, which is what pickles are made of too.
        return self.detach().requires_grad_(self.requires_grad)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(
            f"cannot pickle '{type(self).__name__}' object: whoever loads a pickle runs the code in it; keep tensors "
            "in a dictionary, such as a state_dict(), and save that with torch.save"
        )

    def __deepcopy__(self, memo: dict[builtins.int, Any]) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the "
                "moment.  If you were attempting to deepcopy a module, this may be because of a torch.nn.utils."
                "weight_norm usage, see https://github.com/pytorch/pytorch/pull/103001"
            )
        twin = type(self).__new__(type(self))
        twin.array, twin.version = self.array.copy(order="K"), new_version()
        twin.requires_grad = self.requires_grad
        twin._fresh = self._fresh
        memo[id(self)] = twin
        twin._grad = copy.deepcopy(self._grad, memo)
        return twin


def apply(operation: type[Operation], *inputs: Any, **options: Any) -> Tensor:
    """Run an operation with one result on tensors, numbers and options, and record it on the tape."""
    return apply_all(operation, *inputs, **options)[0]


def apply_all(operation: type[Operation], *inputs: Any, **options: Any) -> tuple[Tensor, ...]:
    """Run an operation on tensors, numbers and options, record it on the tape, and return all its results."""
    # Loops over few things here and in `_record`, not comprehensions: each of these is a call of its own.
    arrays, needed, backend = [], [], None
    for each in inputs:
        if isinstance(each, Tensor):
            arrays.append(each.array)
            needed.append(each.requires_grad)
            backend = backend or each.backend
        else:
            arrays.append(each)
            needed.append(False)
    needs = tuple(needed)
    recorded = True in needs and is_recording()
    assert backend is not None, "an operation is called with a tensor"
    call = operation(backend, needs if recorded else (False,) * len(needs))
    # Overflow and 0 / 0 give infinity and NaN, as everywhere in PyTorch, and no warning of NumPy's.
    with np.errstate(all="ignore"):
        found = call.forward(*arrays, **options)
    several = isinstance(found, tuple)
    results = tuple(map(_wrapped, found)) if several else (_wrapped(found),)
    if operation.is_view:
        _share(inputs[0], results, operation, options, Creation.now(several))
    else:
        for result in results:
            result._fresh = True
    if recorded:
        _record(call, inputs, arrays, needs, results)
    recording = active()
    if recording is not None:
        recording.calls.append(Call(operation, inputs, options, call.needs_input_grad, results))
    return results


def _wrapped(array: Any) -> Tensor:
    """Return a tensor that shares an array, without looking at what it may be."""
    made = Tensor.__new__(Tensor)
    made.array = np.asarray(array)
    made.version = new_version()
    return made


Node.tensor_of = staticmethod(_wrapped)


def _share(
    source: Tensor,
    views: tuple[Tensor, ...],
    operation: type[Operation],
    options: dict[str, Any],
    creation: Creation,
) -> None:
    """Let views know whose memory they share."""
    origin = source._origin or Origin(source)
    source._shared = True
    for number, view in enumerate(views):
        view._origin = origin.further(Step(operation, options, number), creation)
        view._shared = True
        view.version = source.version
        view._node_version = source.version.value
        # Another shape of elements that lie one after the other is such a tensor again; other views are not.
        view._fresh = source._fresh and operation in (ops.View, ops.Unsqueeze, ops.Squeeze, ops.SqueezeDim)


def _record(
    call: Operation, inputs: tuple[Any, ...], arrays: list[Any], needs: tuple[bool, ...], results: tuple[Tensor, ...]
) -> None:
    """Put a node for the call on the tape, and make the results come out of it."""
    edges: list[Edge] = []
    kinds: list[Kind | None] = []
    span = call.differentiable
    for each, array, need in zip(inputs[span], arrays[span], needs[span], strict=True):
        edges.append(each.edge() if need else (None, 0))
        kinds.append((array.shape, array.dtype) if need else None)
    shapes = tuple([result.array.shape for result in results])
    node = node_class(type(call))(call, tuple(edges), kinds, shapes, saved_tensors(call, inputs, results))
    for number, result in enumerate(results):
        if result.array.dtype.kind == "f":
            # As `set_node` does, which would take its time for every result.
            result._node, result._output, result._requires_grad = node, number, True
            result._node_version = result.version.value
