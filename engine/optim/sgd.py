"""Stochastic gradient descent."""

from __future__ import annotations

from nnkit.kernels.updates import SgdRule
from nnkit.optim.optimizer import OPTIMIZERS, Group, Parameters
from nnkit.optim.rule_optimizer import RuleOptimizer, check_fused, sign


@OPTIMIZERS.register("SGD")
class SGD(RuleOptimizer):
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
        RuntimeError: `fused` together with `differentiable` or `foreach`.

    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013, as
    PyTorch modifies it: the learning rate is applied after the momentum.

    Example:
        >>> weight = nn.Parameter(torch.tensor([3.0]))
        >>> optimizer = optim.SGD([weight], lr=0.1, momentum=0.9)
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     (weight**2).sum().backward()
        ...     optimizer.step()
        >>> weight
        Parameter containing:
        tensor([1.3800], requires_grad=True)
    """

    _rule_kind = SgdRule
    _state_names = ("momentum_buffer",)

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
        for name, value in (("learning rate", lr), ("momentum value", momentum), ("weight_decay value", weight_decay)):
            if value < 0.0:
                raise ValueError(f"Invalid {name}: {value}")
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
        check_fused(fused, foreach, differentiable)

    def _unused_state(self, group: Group) -> set[str]:
        return set() if group["momentum"] != 0 else {"momentum_buffer"}

    def _initial_value(self, name: str) -> float:
        # What is added to -0.0 stays as it is, and so does the sign of a zero: the buffer starts as the first gradient.
        return -0.0

    def _rule(self, group: Group, count: float) -> SgdRule:
        return SgdRule(
            sign=sign(group),
            weight_decay=group["weight_decay"],
            momentum=group["momentum"],
            # All of the first gradient goes into the buffer.
            kept=1 if count == 1 else 1 - group["dampening"],
            nesterov=bool(group["nesterov"]),
            lr=float(group["lr"]),
        )
