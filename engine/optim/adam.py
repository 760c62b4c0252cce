"""Adam and its variant with decoupled weight decay."""

from __future__ import annotations

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.optim.optimizer import OPTIMIZERS, Group, Optimizer, Parameters, State, check_not_negative
from nnkit.tensors import Tensor, tensor, zeros_like


@OPTIMIZERS.register("Adam")
class Adam(Optimizer):
    """Steps of about the learning rate, along the average gradient over the root of its average square.

    Args:
        params: the parameters, or dictionaries of "params" and options.
        lr: learning rate.
        betas: how much of the average gradient, and of the average square, stays from step to step.
        eps: added to the root, against division by zero.
        weight_decay: factor of the parameter that is added to its gradient.
        amsgrad: divide by the greatest average square so far.
        foreach: accepted and without effect.
        maximize: go up instead of down.
        capturable: accepted and without effect.
        differentiable: accepted and without effect.
        fused: accepted and without effect.
        decoupled_weight_decay: shrink the parameter itself instead, as AdamW does.

    Raises:
        ValueError: an option that is negative, or a beta that is not in [0, 1).

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1; Reddi et al., "On
    the convergence of Adam and beyond", 2018 (amsgrad).
    """

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_not_negative("learning rate", lr)
        check_not_negative("epsilon value", eps)
        for index, beta in enumerate(betas):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta parameter at index {index}: {beta}")
        check_not_negative("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "betas": tuple(betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def _state_names(self, group: Group) -> set[str]:
        greatest = {"max_exp_avg_sq"} if group["amsgrad"] else set()
        return {"step", "exp_avg", "exp_avg_sq"} | greatest

    def _check_options(self, group: Group) -> None:
        super()._check_options(group)
        expected = self.defaults["decoupled_weight_decay"]
        if group["decoupled_weight_decay"] != expected:
            raise ValueError(
                "loaded state dict is of another optimizer: its decoupled_weight_decay is "
                f"{not expected}, that of this {type(self).__name__} is {expected}"
            )

    def _update(self, parameter: Tensor, values: Array, gradient: Array, group: Group) -> None:
        state = self.state[parameter]
        if not state:
            state["step"] = tensor(0.0)
            state["exp_avg"] = zeros_like(parameter)
            state["exp_avg_sq"] = zeros_like(parameter)
            if group["amsgrad"]:
                state["max_exp_avg_sq"] = zeros_like(parameter)
        state["step"].array += 1
        lr, decay = group["lr"], group["weight_decay"]
        if group["decoupled_weight_decay"]:
            np.multiply(values, 1 - lr * decay, out=values)
            decay = 0
        direction = self._direction(values, gradient, group, decay)
        self._average(direction, state, group)
        beta1, beta2 = group["betas"]
        step = float(state["step"].array)
        average, square = state["exp_avg"].array, state["exp_avg_sq"].array
        if group["amsgrad"]:
            square = np.maximum(state["max_exp_avg_sq"].array, square, out=state["max_exp_avg_sq"].array)
        # The averages start at zero: divided by 1 - beta ** step they are unbiased from the first step on.
        root = np.sqrt(square, out=self._scratch.like(values, 1))
        np.divide(root, (1 - beta2**step) ** 0.5, out=root)
        np.add(root, group["eps"], out=root)
        change = np.multiply(average, lr / (1 - beta1**step), out=self._scratch.like(values, 2))
        np.divide(change, root, out=change)
        np.subtract(values, change, out=values)

    def _average(self, direction: Array, state: State, group: Group) -> None:
        beta1, beta2 = group["betas"]
        average, square = state["exp_avg"].array, state["exp_avg_sq"].array
        spare = self._scratch.like(average, 1)
        # average + (direction - average) * (1 - beta1): one rounding less than the weighted sum.
        np.subtract(direction, average, out=spare)
        np.multiply(spare, 1 - beta1, out=spare)
        np.add(average, spare, out=average)
        np.multiply(direction, direction, out=spare)
        np.multiply(spare, 1 - beta2, out=spare)
        np.multiply(square, beta2, out=square)
        np.add(square, spare, out=square)


@OPTIMIZERS.register("AdamW")
class AdamW(Adam):
    """Adam whose weight decay shrinks the parameter itself and does not pass through the averages.

    Args and errors are those of `Adam`, but `weight_decay` is 0.01 when omitted, and each step takes
    lr * weight_decay of the parameter off it.

    Source: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019, algorithm 2.
    """

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )
