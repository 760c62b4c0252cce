"""The part of a tensor that belongs to the tape: gradients, hooks and detaching."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from nnkit.dtypes import C_NAMES, dtype, of_array
from nnkit.kernels.layout import Array
from nnkit.kernels.memory import aligned
from nnkit.ops import AsStrided
from nnkit.recording import note_obstacle
from nnkit.tape import (
    INFERENCE,
    AccumulateGrad,
    Edge,
    Node,
    Recorded,
    RemovableHandle,
    Version,
    is_inference_mode_enabled,
)
from nnkit.tensors.base import TensorBase
from nnkit.tensors.hooks import GradientHooks
from nnkit.tensors.modes import enable_grad, inference_mode
from nnkit.tensors.views import Origin

if TYPE_CHECKING:
    from nnkit.tensors.tensor import Tensor

NON_LEAF_GRAD = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
    "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf Tensor, "
    "use "
    ".retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access the "
    "leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more information."
)
DETACHED_VIEW = (
    "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for training, "
    "and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence detach_() cannot be "
    "called on these gradients. To fix this error, please refer to the Optimizer.zero_grad() function in "
    "torch/optim/optimizer.py as the solution."
)


class Differentiation(TensorBase):
    """Gradients and the tape."""

    # Few tensors have any of this, and many are made: the class has what holds for the others.
    _requires_grad = False
    _grad: Any = None
    _node: Node | None = None
    _output = 0
    _node_version = 0
    _origin: Origin | None = None
    # Whether an operation laid it out as it pleased, and whether anything else refers to that memory.
    _fresh = False
    _shared = False
    _accumulator: weakref.ref[AccumulateGrad] | None = None
    _hooks: GradientHooks | None = None

    # What every tensor has of its own, besides its array.
    version: Version

    # Whether and where ----------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether gradients are computed for this tensor.

        Raises:
            RuntimeError: it is set to something that is no bool, on a tensor that is not of floating type or was made
                for inference, or to False on one that is no leaf.

        Examples:
            >>> x = torch.ones(2, requires_grad=True)
            >>> (x * 2).requires_grad
            True
        """
        return self._requires_grad or (self._origin is not None and self._origin.base.requires_grad)

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not isinstance(value, bool):
            raise RuntimeError("requires_grad must be a bool")
        if self._node is not None and not value:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in "
                "a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
        if value and self.version is INFERENCE and not is_inference_mode_enabled():
            raise RuntimeError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
        if value and self.array.dtype.kind != "f":
            raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
        self._requires_grad = value

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set whether gradients are computed for this tensor, and return it.

        Raises:
            TypeError: `requires_grad` is no bool.
            RuntimeError: the tensor is no leaf, not of floating type, or was made for inference.

        Examples:
            >>> torch.ones(2).requires_grad_()
            tensor([1., 1.], requires_grad=True)
        """
        if not isinstance(requires_grad, bool):
            kind = type(requires_grad).__name__
            raise TypeError(f"requires_grad_(): argument 'requires_grad' (position 1) must be bool, not {kind}")
        if requires_grad and self.array.dtype.kind != "f":
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        self.requires_grad = requires_grad
        return self  # type: ignore[return-value]

    def is_inference(self) -> bool:
        """Return whether the tensor was made in inference mode, and so can never be part of a backward pass.

        Examples:
            >>> with torch.inference_mode():
            ...     torch.ones(2).is_inference()
            True
        """
        return self.version is INFERENCE

    @property
    def is_leaf(self) -> bool:
        """Whether the tensor was not made by a recorded operation.

        Examples:
            >>> x = torch.ones(2, requires_grad=True)
            >>> x.is_leaf, (x * 2).is_leaf
            (True, False)
        """
        return self.grad_fn is None

    @property
    def grad_fn(self) -> Node | None:
        """The node that made this tensor, or None for a leaf.

        Raises:
            RuntimeError: the tensor is a view whose base was changed in place, and of a kind that does not allow that.

        Examples:
            >>> x = torch.ones(2, requires_grad=True)
            >>> (x * 2).grad_fn.name()
            'MulBackward0'
        """
        origin = self._origin
        if origin is not None and self._node_version != self.version.value and origin.base.requires_grad:
            # Somebody wrote to the memory through another view: this one now comes out of the changed base.
            origin.check_change(self._node, self._output, indirect=True)
            with inference_mode(False), enable_grad():
                again = origin.base.apply(AsStrided, view=self.array, positions=origin.positions())
            self.set_node(again._node, again._output)
        return self._node

    def set_node(self, node: Node | None, output: int) -> None:
        """Make this tensor the result of a node, or a leaf that needs no gradient."""
        self._node, self._output, self._requires_grad = node, output, node is not None
        self._node_version = self.version.value

    @property
    def _version(self) -> int:
        if self.version is INFERENCE:
            raise RuntimeError("Inference tensors do not track version counter.")
        return self.version.value

    @property
    def _base(self) -> Any:
        return None if self._origin is None else self._origin.base

    def _is_view(self) -> bool:
        return self._origin is not None

    @property
    def grad(self) -> Any:
        """The gradient that backward passes have added up, or None.

        Raises:
            TypeError: something else than a tensor or None is assigned.
            RuntimeError: the assigned tensor has another shape or type, or is this one.

        Examples:
            >>> x = torch.ones(2, requires_grad=True)
            >>> (x * 3).sum().backward()
            >>> x.grad
            tensor([3., 3.])
        """
        if self._grad is None and self._node is not None and not self.retains_grad:
            warnings.warn(NON_LEAF_GRAD, UserWarning, stacklevel=2)
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is None:
            self._grad = None
            return
        if not isinstance(value, TensorBase):
            raise TypeError(
                f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}"
            )
        if value is self:
            raise RuntimeError("can't assign Variable as its own grad")
        if value.array.shape != self.array.shape:
            raise RuntimeError(
                f"attempting to assign a gradient of size '{list(value.array.shape)}' to a tensor of size "
                f"'{list(self.array.shape)}'. Please ensure that the gradient and the tensor are the same size"
            )
        if value.array.dtype != self.array.dtype:
            mine: dtype = of_array(self.array)
            raise RuntimeError(
                f"attempting to assign a gradient with dtype '{C_NAMES[of_array(value.array)]}' to a tensor with "
                f"grad_dtype '{mine.label}'. The gradient must match the tensor's grad_dtype (defaults to the tensor's "
                "dtype). You can set the tensor's grad_dtype attribute with a specific dtype, or None to allow any "
                "dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and its gradient may break "
                "downstream systems that assume they match."
            )
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    def edge(self) -> Edge:
        """Return where on the tape the gradient of this tensor goes."""
        node = self._node if self._origin is None else self.grad_fn
        if node is not None:
            return node, self._output
        if not self._requires_grad:
            return None, 0
        known = None if self._accumulator is None else self._accumulator()
        if known is None:
            known = AccumulateGrad(self)
            if self._hooks is not None:
                self._hooks.attach(known, 0)
            self._accumulator = weakref.ref(known)
        return known, 0

    def accumulate_grad(self, grad: Array) -> None:
        """Add to the gradient, in place once there is one; called by the backward pass."""
        if isinstance(grad, Recorded):
            new = self.detached(np.zeros_like(self.array)).copy_(grad.tensor)
            self._grad = new if self._grad is None else self._grad + new
        elif self._grad is None:
            kept = aligned(grad.shape, self.array.dtype)
            kept[...] = grad
            self._grad = self.detached(kept)
        else:
            self._grad.array += grad

    # Hooks ----------------------------------------------------------------------------------------------

    def _gradient_hooks(self, refusal: str) -> GradientHooks:
        if not self.requires_grad:
            raise RuntimeError(refusal)
        if self._hooks is None:
            node, output = self.edge()
            self._hooks = GradientHooks(self.detached)
            if node is not None:
                self._hooks.attach(node, output)
        return self._hooks

    def register_hook(self, hook: Callable[[Tensor], Any]) -> RemovableHandle:
        """Call `hook` with the gradient of this tensor; a tensor that it returns replaces the gradient.

        Raises:
            RuntimeError: the tensor does not require a gradient.

        Examples:
            >>> x = torch.ones(2, requires_grad=True)
            >>> handle = x.register_hook(lambda grad: grad * 10)
            >>> x.sum().backward()
            >>> x.grad
            tensor([10., 10.])
        """
        hooks = self._gradient_hooks("cannot register a hook on a tensor that doesn't require gradient")
        return hooks.add(hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], Any]) -> RemovableHandle:
        """Call `hook` with this leaf each time after its `.grad` has been added to.

        Raises:
            RuntimeError: the tensor is no leaf, or does not require a gradient.

        Examples:
            >>> x = torch.ones(2, requires_grad=True)
            >>> handle = x.register_post_accumulate_grad_hook(lambda leaf: print(leaf.grad))
            >>> x.sum().backward()
            tensor([1., 1.])
        """
        if not self.is_leaf:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        hooks = self._gradient_hooks("cannot register a hook on a tensor that doesn't require gradient")
        return hooks.add_after(hook)

    def retain_grad(self) -> None:
        """Keep the gradient of this tensor in `.grad` although it is not a leaf.

        Raises:
            RuntimeError: the tensor does not require a gradient.

        Examples:
            >>> x = torch.ones(2, requires_grad=True)
            >>> y = x * 2
            >>> y.retain_grad()
            >>> y.sum().backward()
            >>> y.grad
            tensor([1., 1.])
        """
        hooks = self._gradient_hooks("can't retain_grad on Tensor that has requires_grad=False")
        if not self.is_leaf:
            hooks.retain = weakref.WeakMethod(self._retain)

    def _retain(self, grad: Array) -> None:
        if isinstance(grad, Recorded):
            self._grad = grad.tensor if self._grad is None else self._grad + grad.tensor
        else:
            self._grad = self.detached(np.array(grad) if self._grad is None else self._grad.array + grad)

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was asked for.

        Examples:
            >>> y = torch.ones(2, requires_grad=True) * 3
            >>> y.retain_grad()
            >>> y.retains_grad
            True
        """
        return self._hooks is not None and self._hooks.retain is not None

    # Off the tape ---------------------------------------------------------------------------------------

    def detach(self) -> Tensor:
        """Return a tensor that shares the memory of this one, through which no gradient flows.

        Examples:
            >>> x = torch.ones(2, requires_grad=True)
            >>> (x * 2).detach()
            tensor([2., 2.])
        """
        alias = self.data
        alias.version = self.version
        return alias

    def detach_(self) -> Tensor:
        """Take this tensor off the tape, and return it.

        Raises:
            RuntimeError: it is a view.

        Examples:
            >>> (torch.ones(2, requires_grad=True) * 2).detach_()
            tensor([2., 2.])
        """
        if self._origin is not None:
            raise RuntimeError(DETACHED_VIEW)
        self.set_node(None, 0)
        return self  # type: ignore[return-value]

    @property
    def data(self) -> Tensor:
        """The values, apart from the tape: changes of them are not noticed by it.

        Examples:
            >>> x = torch.ones(2, requires_grad=True)
            >>> x.data
            tensor([1., 1.])
        """
        alias = self.detached(self.array)
        alias._fresh = self._fresh
        alias._shared = self._shared = True
        alias.version = INFERENCE if self.version is INFERENCE else Version()
        return alias

    @data.setter
    def data(self, value: Tensor) -> None:
        if self._requires_grad and value.array.dtype.kind != "f":
            raise RuntimeError("data set to a tensor that requires gradients must be floating point or complex dtype")
        note_obstacle("a tensor whose data was replaced")
        self.array = value.array
        self._fresh = value._fresh
