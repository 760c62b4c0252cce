"""Adam, which divides the average gradient by the root of its average square."""

from __future__ import annotations

from nnkit.kernels.updates import AdamRule
from nnkit.optim.optimizer import OPTIMIZERS, Group, Parameters
from nnkit.optim.rule_optimizer import STEP, RuleOptimizer, check_fused, check_not_negative, sign


@OPTIMIZERS.register("Adam")
class Adam(RuleOptimizer):
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
        ValueError: an option that is negative, or a beta that is no float in [0, 1).
        RuntimeError: `fused` together with `differentiable` or `foreach`.

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1; Reddi et al., "On
    the convergence of Adam and beyond", 2018 (amsgrad).

    Examples:
        >>> weight = nn.Parameter(torch.tensor([3.0, -20.0]))
        >>> optimizer = optim.Adam([weight], lr=0.1)
        >>> (weight**2).sum().backward()
        >>> optimizer.step()
        >>> weight
        Parameter containing:
        tensor([  2.9000, -19.9000], requires_grad=True)
    """

    _rule_kind = AdamRule
    _state_names = (STEP, "exp_avg", "exp_avg_sq", "max_exp_avg_sq")

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
        for index in range(2):
            if not 0.0 <= betas[index] < 1.0:
                raise ValueError(f"Invalid beta parameter at index {index}: {betas[index]}")
        check_not_negative("weight_decay value", weight_decay)
        if not all(isinstance(beta, float) for beta in betas):
            raise ValueError("betas must be either both floats or both Tensors")
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
        check_fused(fused, foreach, differentiable)

    def _unused_state(self, group: Group) -> set[str]:
        return set() if group["amsgrad"] else {"max_exp_avg_sq"}

    def _check_options(self, group: Group) -> None:
        super()._check_options(group)
        expected = self.defaults["decoupled_weight_decay"]
        if group["decoupled_weight_decay"] != expected:
            raise ValueError(
                "loaded state dict is of another optimizer: its decoupled_weight_decay is "
                f"{not expected}, that of this {type(self).__name__} is {expected}"
            )

    def _rule(self, group: Group, count: float) -> AdamRule:
        lr, weight_decay, decoupled = float(group["lr"]), group["weight_decay"], group["decoupled_weight_decay"]
        beta1, beta2 = group["betas"]
        # The averages start at zero: divided by 1 - beta ** count they are unbiased from the first step on.
        return AdamRule(
            sign=sign(group),
            weight_decay=0 if decoupled else weight_decay,
            shrink=1 - lr * weight_decay if decoupled else 1,
            average_share=1 - beta1,
            square_kept=beta2,
            square_share=1 - beta2,
            root_bias=(1 - beta2**count) ** 0.5,
            step=lr / (1 - beta1**count),
            eps=group["eps"],
            amsgrad=bool(group["amsgrad"]),
        )
