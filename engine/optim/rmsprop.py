"""RMSprop."""

from __future__ import annotations

from nnkit.kernels.updates import RmsPropRule
from nnkit.optim.optimizer import OPTIMIZERS, STEP, Group, Names, Optimizer, Parameters, check_not_negative


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

    _rule_kind = RmsPropRule

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

    def _state_names(self, group: Group) -> Names:
        buffer = "momentum_buffer" if group["momentum"] > 0 else None
        average = "grad_avg" if group["centered"] else None
        return (STEP, "square_avg", buffer, average)

    def _rule(self, group: Group, count: float) -> RmsPropRule:
        return RmsPropRule(
            sign=-1 if group["maximize"] else 1,
            weight_decay=group["weight_decay"],
            kept=group["alpha"],
            share=1 - group["alpha"],
            # As in the names above: without a buffer there must be no momentum.
            momentum=group["momentum"] if group["momentum"] > 0 else 0,
            centered=bool(group["centered"]),
            eps=group["eps"],
            lr=group["lr"],
        )
