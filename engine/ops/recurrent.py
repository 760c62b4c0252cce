"""The layers that PyTorch, too, has as one operation over all steps in time."""

from __future__ import annotations

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.ops.matrix import check_same_type
from nnkit.ops.operation import Gradients, Operation, sample


class LstmLayer(Operation):
    """The hidden states (T, N, H) of an LSTM over a sequence x (T, N, I), the last of them, and the last cell state.

    The weights are (4 H, I) and (4 H, H), the biases (4 H,), the states at the beginning (N, H). With `reverse` it
    begins at the end of the sequence.

    Source: Hochreiter and Schmidhuber, "Long short-term memory", 1997, with the forget gate of Gers, Schmidhuber and
    Cummins, "Learning to forget", 2000.
    """

    samples = [
        sample("t.manual_seed(0); t.nn.LSTM(4, 3, dtype=x.dtype)(x)[0]", (5, 3, 4)),
        sample(
            "t.manual_seed(0); o, (h, c) = t.nn.LSTM(4, 3, 2, False, bidirectional=True, dtype=x.dtype)(x, (y, z)); "
            "t.cat((o[..., :3], o[..., 3:], h, c))",
            (3, 2, 4),
            (4, 2, 3),
            (4, 2, 3),
        ),
    ]
    node_name = "MkldnnRnnLayerBackward0"

    def forward(
        self,
        x: Array,
        weight_ih: Array,
        weight_hh: Array,
        bias_ih: Array | None,
        bias_hh: Array | None,
        hidden: Array,
        cell: Array,
        *,
        reverse: bool,
    ) -> tuple[Array, Array, Array]:
        check_states(x, hidden, cell)
        self.order = range(len(x))[::-1] if reverse else range(len(x))
        self.size = cell.shape[1]
        hiddens: list[Array] = [hidden]
        states: list[Array] = []
        for time in self.order:
            inputs = self.backend.product(x[time], weight_ih.T, bias_ih)
            recurrent = self.backend.product(hiddens[-1], weight_hh.T, bias_hh)
            following, state = self.backend.lstm_cell(inputs, recurrent, self._cell(states, cell))
            hiddens.append(following)
            states.append(state)
        self.save(x, weight_ih, weight_hh, cell, *hiddens, *states)
        output = self.xp.stack(hiddens[:0:-1] if reverse else hiddens[1:], axis=0)
        return output, hiddens[-1], self._cell(states, cell)

    def _cell(self, states: list[Array], first: Array) -> Array:
        """Return the cell state after the steps so far."""
        return states[-1][:, 4 * self.size : 5 * self.size] if states else first

    def backward(self, grad: Array | None, by_hidden: Array | None, by_cell: Array | None) -> Gradients:
        x, weight_ih, weight_hh, cell, *steps = self.saved
        count, size, needs = len(self.order), self.size, self.needs_input_grad
        hiddens, states = steps[: count + 1], steps[count + 1 :]
        by_inputs: dict[int, Array] = {}
        by_gates = by_weight_ih = by_weight_hh = None
        for time in reversed(self.order):
            state = states.pop()
            if grad is not None:
                by_hidden = _sum(by_hidden, grad[time])
            slopes = self.backend.lstm_cell_gradient(by_hidden, by_cell, state, self._cell(states, cell))
            slope, by_cell = slopes[:, : 4 * size], slopes[:, 4 * size :]
            by_gates = _sum(by_gates, slope)
            if needs[0]:
                by_inputs[time] = self.backend.product(slope, weight_ih, None)
            if needs[1]:
                by_weight_ih = _sum(by_weight_ih, self.backend.product_transposed(slope, x[time]))
            if needs[2]:
                by_weight_hh = _sum(by_weight_hh, self.backend.product_transposed(slope, hiddens[len(states)]))
            if states or needs[5]:
                by_hidden = self.backend.product(slope, weight_hh, None)
        return (
            self.xp.stack([by_inputs[time] for time in range(count)], axis=0) if needs[0] else None,
            None if by_weight_ih is None else by_weight_ih.T,
            None if by_weight_hh is None else by_weight_hh.T,
            # Taken twice: each parameter has memory of its own for its gradient.
            self.xp.sum(by_gates, axis=0) if needs[3] else None,
            self.xp.sum(by_gates, axis=0) if needs[4] else None,
            by_hidden if needs[5] else None,
            by_cell if needs[6] else None,
        )


def check_states(x: Array, *states: Array) -> None:
    """Raise PyTorch's RuntimeError unless the states at the beginning are of the sequence's type."""
    for state in states:
        if state.dtype != x.dtype:
            if x.dtype == np.float32:
                raise RuntimeError("get_mkldnn_dtype: unsupported data type")
            check_same_type(state, x)


def _sum(total: Array | None, addend: Array) -> Array:
    return addend if total is None else total + addend
