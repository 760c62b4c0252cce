"""AdamW, the variant of Adam with decoupled weight decay."""

from __future__ import annotations

from nnkit.optim.adam import Adam
from nnkit.optim.optimizer import OPTIMIZERS, Parameters


@OPTIMIZERS.register("AdamW")
class AdamW(Adam):
    """Adam whose weight decay shrinks the parameter itself and does not pass through the averages.

    Args and errors are those of `Adam`, but `weight_decay` is 0.01 when omitted, and each step takes
    lr * weight_decay of the parameter off it.

    Source: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019, algorithm 2.

    Examples:
        >>> weight = nn.Parameter(torch.tensor([3.0, -20.0]))
        >>> optimizer = optim.AdamW([weight], lr=0.1, weight_decay=0.5)
        >>> weight.grad = torch.zeros(2)
        >>> optimizer.step()
        >>> weight
        Parameter containing:
        tensor([  2.8500, -19.0000], requires_grad=True)
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
