"""RMSprop."""

from __future__ import annotations

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.optim.optimizer import OPTIMIZERS, Group, Optimizer, Parameters, State, check_not_negative
from nnkit.tensors import Tensor, tensor, zeros_like


@OPTIMIZERS.register("RMSprop")
class RMSprop(Optimizer):
    """The gradient divided by the root of its average square, with momentum if wanted.

    Args:
        params: the parameters, or dictionaries of "params" and options.
        lr: learning rate.
        alpha: how much of the average square stays from step to step.
        eps: added to the root, against division by zero.
        weight_decay: factor of the parameter that is added to its gradient.
        momentum: how much of the last change is made again.
        centered: divide by the standard deviation: the average gradient is taken off.
        capturable: accepted and without effect.
        foreach: accepted and without effect.
        maximize: go up instead of down.
        differentiable: accepted and without effect.

    Raises:
        ValueError: a negative option.

    Source: Tieleman and Hinton, "Lecture 6.5 - rmsprop", 2012; Graves, "Generating sequences with recurrent
    neural networks", 2013, equations 38 to 41 (centered).
    """

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_not_negative("learning rate", lr)
        check_not_negative("epsilon value", eps)
        check_not_negative("momentum value", momentum)
        check_not_negative("weight_decay value", weight_decay)
        check_not_negative("alpha value", alpha)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _state_names(self, group: Group) -> set[str]:
        momentum = {"momentum_buffer"} if group["momentum"] > 0 else set()
        average = {"grad_avg"} if group["centered"] else set()
        return {"step", "square_avg"} | momentum | average

    def _update(self, parameter: Tensor, values: Array, gradient: Array, group: Group) -> None:
        state = self.state[parameter]
        if not state:
            state["step"] = tensor(0.0)
            state["square_avg"] = zeros_like(parameter)
            if group["momentum"] > 0:
                state["momentum_buffer"] = zeros_like(parameter)
            if group["centered"]:
                state["grad_avg"] = zeros_like(parameter)
        state["step"].array += 1
        direction = self._direction(values, gradient, group, group["weight_decay"])
        root = self._root(direction, state, group)
        change = np.divide(direction, root, out=root)
        if group["momentum"] > 0:
            buffer = state["momentum_buffer"].array
            np.multiply(buffer, group["momentum"], out=buffer)
            np.add(buffer, change, out=buffer)
            change = np.multiply(buffer, group["lr"], out=root)
        else:
            np.multiply(change, group["lr"], out=change)
        np.subtract(values, change, out=values)

    def _root(self, direction: Array, state: State, group: Group) -> Array:
        """Bring the averages up to date and return the root that the gradient is divided by."""
        alpha = group["alpha"]
        square = state["square_avg"].array
        root, spare = self._scratch.like(square, 1), self._scratch.like(square, 2)
        np.multiply(direction, direction, out=spare)
        np.multiply(spare, 1 - alpha, out=spare)
        np.multiply(square, alpha, out=square)
        np.add(square, spare, out=square)
        if group["centered"]:
            average = state["grad_avg"].array
            np.subtract(direction, average, out=spare)
            np.multiply(spare, 1 - alpha, out=spare)
            np.add(average, spare, out=average)
            np.multiply(average, average, out=spare)
            np.subtract(square, spare, out=root)
            np.sqrt(root, out=root)
        else:
            np.sqrt(square, out=root)
        return np.add(root, group["eps"], out=root)
