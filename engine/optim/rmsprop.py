"""RMSprop."""

from __future__ import annotations

from nnkit.kernels.updates import RmsPropRule
from nnkit.optim.optimizer import OPTIMIZERS, Group, Parameters
from nnkit.optim.rule_optimizer import STEP, RuleOptimizer, check_not_negative, sign


@OPTIMIZERS.register("RMSprop")
class RMSprop(RuleOptimizer):
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

    Example:
        >>> weight = nn.Parameter(torch.tensor([3.0, -20.0]))
        >>> optimizer = optim.RMSprop([weight], lr=0.01)
        >>> (weight**2).sum().backward()
        >>> optimizer.step()
        >>> weight
        Parameter containing:
        tensor([  2.9000, -19.9000], requires_grad=True)
    """

    _rule_kind = RmsPropRule
    _state_names = (STEP, "square_avg", "momentum_buffer", "grad_avg")

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

    def _unused_state(self, group: Group) -> set[str]:
        unused = set() if group["momentum"] > 0 else {"momentum_buffer"}
        return unused if group["centered"] else {*unused, "grad_avg"}

    def _rule(self, group: Group, count: float) -> RmsPropRule:
        return RmsPropRule(
            sign=sign(group),
            weight_decay=group["weight_decay"],
            kept=group["alpha"],
            share=1 - group["alpha"],
            # As above: without a buffer there must be no momentum.
            momentum=group["momentum"] if group["momentum"] > 0 else 0,
            centered=bool(group["centered"]),
            eps=group["eps"],
            lr=float(group["lr"]),
        )
