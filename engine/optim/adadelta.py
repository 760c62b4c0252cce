"""Adadelta."""

from __future__ import annotations

from nnkit.kernels.updates import AdadeltaRule
from nnkit.optim.optimizer import OPTIMIZERS, Group, Parameters
from nnkit.optim.rule_optimizer import STEP, RuleOptimizer, check_not_negative, sign


@OPTIMIZERS.register("Adadelta")
class Adadelta(RuleOptimizer):
    """Steps as long as the latest ones on average, divided by the root of the gradient's average square.

    Args:
        params: the parameters, or dictionaries of "params" and options.
        lr: factor of the change.
        rho: how much of the average squares, of gradients and of changes, stays from step to step.
        eps: added below both roots; it makes the first steps possible.
        weight_decay: factor of the parameter that is added to its gradient.
        foreach: accepted and without effect.
        capturable: accepted and without effect.
        maximize: go up instead of down.
        differentiable: accepted and without effect.

    Raises:
        ValueError: a negative option, or `rho` above 1.

    Source: Zeiler, "ADADELTA: an adaptive learning rate method", 2012, algorithm 1.

    Example:
        >>> weight = nn.Parameter(torch.tensor([3.0, -20.0]))
        >>> optimizer = optim.Adadelta([weight], eps=1e-2)
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     (weight**2).sum().backward()
        ...     optimizer.step()
        >>> weight
        Parameter containing:
        tensor([  2.3778, -19.3618], requires_grad=True)
    """

    _rule_kind = AdadeltaRule
    _state_names = (STEP, "square_avg", "acc_delta")

    def __init__(
        self,
        params: Parameters,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_not_negative("learning rate", lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        check_not_negative("epsilon value", eps)
        check_not_negative("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _rule(self, group: Group, count: float) -> AdadeltaRule:
        return AdadeltaRule(
            sign=sign(group),
            weight_decay=group["weight_decay"],
            kept=group["rho"],
            share=1 - group["rho"],
            eps=group["eps"],
            lr=float(group["lr"]),
        )
