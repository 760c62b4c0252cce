"""What optimizers ask of a device: rules, the arrays that they change, and the numbers that they do it with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from nnkit.kernels.layout import Array


class SgdRule(NamedTuple):
    """Go down along the gradient, or with momentum along the buffer, the only state.

    The gradient g is taken times `sign`, plus `weight_decay` times the values. The buffer becomes momentum * buffer +
    kept * g; with `nesterov`, 1 or 0, the values follow momentum * buffer + g instead of it.
    """

    sign: float
    weight_decay: float
    momentum: float
    kept: float
    nesterov: float
    lr: float


class AdamRule(NamedTuple):
    """Go down along the average gradient over the root of the average square, which are the state.

    The values are multiplied by `shrink`, then the gradient g is as in `SgdRule`. `average_share` of g and
    `square_share` of g * g come into the averages, `square_kept` stays of the square. The values lose step * average /
    (root(square) / root_bias + eps). With `amsgrad`, 1 or 0, the root is that of the greatest square so far, which is
    last in the state.
    """

    sign: float
    weight_decay: float
    shrink: float
    average_share: float
    square_kept: float
    square_share: float
    root_bias: float
    step: float
    eps: float
    amsgrad: float


class RmsPropRule(NamedTuple):
    """Go down along the gradient over the root of its average square.

    The gradient g is as in `SgdRule`; `share` of g * g comes into the square, and `kept` stays of it. With `centered`,
    1 or 0, the average gradient's own square is taken off it first. With momentum, the buffer becomes momentum * buffer
    + change, and the values follow it. The state is the square, the buffer and the average; of the last two, None is
    one that is not used.
    """

    sign: float
    weight_decay: float
    kept: float
    share: float
    momentum: float
    centered: float
    eps: float
    lr: float


class AdagradRule(NamedTuple):
    """Go down along the gradient over the root of the sum of all its squares, which is the state.

    The gradient is as in `SgdRule`.
    """

    sign: float
    weight_decay: float
    lr: float
    eps: float


class AdadeltaRule(NamedTuple):
    """Go down along the gradient times the root of the average square of changes, over that of its own square.

    The gradient g is as in `SgdRule`; the change is root(changes + eps) / root(square + eps) * g. `share` of a square
    comes into its average, and `kept` stays of it. The state is the averages of the gradient's square and the change's.
    """

    sign: float
    weight_decay: float
    kept: float
    share: float
    eps: float
    lr: float


class AverageRule(NamedTuple):
    """Go this share of the way to what is given in the gradient's place: a moving average of it; there is no state."""

    share: float


Rule = SgdRule | AdamRule | RmsPropRule | AdagradRule | AdadeltaRule | AverageRule


class Update(NamedTuple):
    """Arrays that a kind of rule is to change; they have one shape and type, and none is missing that its rules use."""

    kind: type[Rule]
    values: Array
    state: tuple[Array | None, ...] = ()


class Updates(Protocol):
    """Updates that are prepared, for as long as their arrays are kept."""

    def run(self, rules: Sequence[Rule], gradients: Sequence[Array]) -> None:
        """Change the arrays of each update by its rule, given the gradient of its values, which does not change.

        Raises:
            ValueError: a gradient of another shape or type than the values.
        """
