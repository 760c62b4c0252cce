"""Adagrad."""

from __future__ import annotations

from nnkit.kernels.updates import AdagradRule
from nnkit.optim.optimizer import OPTIMIZERS, Group, Parameters
from nnkit.optim.rule_optimizer import STEP, RuleOptimizer, check_fused, check_not_negative, sign


@OPTIMIZERS.register("Adagrad")
class Adagrad(RuleOptimizer):
    """The gradient divided by the root of the sum of all its squares so far, so that steps become shorter.

    Args:
        params: the parameters, or dictionaries of "params" and options.
        lr: learning rate.
        lr_decay: in step t the learning rate is lr / (1 + (t - 1) * lr_decay).
        weight_decay: factor of the parameter that is added to its gradient.
        initial_accumulator_value: what the sum begins with.
        eps: added to the root, against division by zero.
        foreach: accepted and without effect.
        maximize: go up instead of down.
        differentiable: accepted and without effect.
        fused: accepted and without effect.

    Raises:
        ValueError: a negative option.
        RuntimeError: `fused` together with `differentiable` or `foreach`.

    Source: Duchi et al., "Adaptive subgradient methods for online learning and stochastic optimization", 2011,
    figure 1 with the diagonal matrix.

    Example:
        >>> weight = nn.Parameter(torch.tensor([3.0, -20.0]))
        >>> optimizer = optim.Adagrad([weight], lr=0.1)
        >>> (weight**2).sum().backward()
        >>> optimizer.step()
        >>> weight
        Parameter containing:
        tensor([  2.9000, -19.9000], requires_grad=True)
    """

    _rule_kind = AdagradRule
    _state_names = (STEP, "sum")

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_not_negative("learning rate", lr)
        check_not_negative("lr_decay value", lr_decay)
        check_not_negative("weight_decay value", weight_decay)
        check_not_negative("initial_accumulator_value value", initial_accumulator_value)
        check_not_negative("epsilon value", eps)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        check_fused(fused, foreach, differentiable)
        # Those that are added later get theirs with their first step.
        for group in self.param_groups:
            for parameter in group["params"]:
                self._begin(parameter, self._state_names)

    def _initial_value(self, name: str) -> float:
        value: float = self.defaults["initial_accumulator_value"]
        return value

    def _rule(self, group: Group, count: float) -> AdagradRule:
        return AdagradRule(
            sign=sign(group),
            weight_decay=group["weight_decay"],
            lr=float(group["lr"]) / (1 + (count - 1) * group["lr_decay"]),
            eps=group["eps"],
        )
