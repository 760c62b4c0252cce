"""Stochastic gradient descent."""

from __future__ import annotations

from nnkit.kernels.updates import SgdRule
from nnkit.optim.optimizer import OPTIMIZERS, Group, Names, Optimizer, Parameters, check_not_negative


@OPTIMIZERS.register("SGD")
class SGD(Optimizer):
    """Gradient descent, with momentum if wanted.

    The buffer b starts as the first gradient g and becomes momentum * b + (1 - dampening) * g; the parameter
    goes down by lr * b, or with Nesterov's momentum by lr * (g + momentum * b).

    Args:
        params: the parameters, or dictionaries of "params" and options.
        lr: learning rate.
        momentum: how much of the buffer stays from step to step.
        dampening: how much of the gradient is kept out of the buffer.
        weight_decay: factor of the parameter that is added to its gradient.
        nesterov: Nesterov's momentum.
        maximize: go up instead of down.
        foreach: accepted and without effect.
        differentiable: accepted and without effect.
        fused: accepted and without effect.

    Raises:
        ValueError: a negative option, or `nesterov` without momentum or with dampening.

    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013, as
    PyTorch modifies it: the learning rate is applied after the momentum.
    """

    _rule_kind = SgdRule

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_not_negative("learning rate", lr)
        check_not_negative("momentum value", momentum)
        check_not_negative("weight_decay value", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def _state_names(self, group: Group) -> Names:
        return ("momentum_buffer",) if group["momentum"] != 0 else ()

    def _rule(self, group: Group, count: float) -> SgdRule:
        return SgdRule(
            sign=-1 if group["maximize"] else 1,
            weight_decay=group["weight_decay"],
            momentum=group["momentum"],
            # All of the first gradient goes into the buffer.
            kept=1 if count == 1 else 1 - group["dampening"],
            nesterov=bool(group["nesterov"]),
            lr=group["lr"],
        )
