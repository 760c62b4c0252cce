"""Layers that read sequences.

They are not in `LAYERS`: they return states beside their output, which the next of a list of layers could not take.

Source: the arguments, the parameters' names and the messages are those of PyTorch's `torch.nn.RNN` and `LSTM`.
"""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Sequence
from typing import Any, Generic, Literal, TypeVar

from nnkit import ops
from nnkit.dtypes import dtype as DType
from nnkit.nn import functional as F
from nnkit.nn import init
from nnkit.nn.modules.module import Module
from nnkit.nn.parameter import Parameter
from nnkit.tensors import Tensor, apply, apply_all, cat, empty, stack, zeros

State = TypeVar("State")

# Rows of the weights for each element of the hidden state.
_GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4}


class RNNBase(Module, Generic[State]):
    """What recurrent layers share: their parameters, and the order of layers, directions and steps.

    Args:
        mode: "RNN_TANH", "RNN_RELU" or "LSTM".
        input_size: features of each step.
        hidden_size: size of the hidden state.

    The other arguments, the shapes and the errors are those of `RNN` and `LSTM`.

    Examples:
        >>> isinstance(nn.LSTM(2, 3), nn.RNNBase)
        True
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._check_arguments(dropout)
        self._names: list[list[str]] = []
        directions = self._directions()
        for layer in range(num_layers):
            features = hidden_size * directions if layer else input_size
            for suffix in ("", "_reverse")[:directions]:
                shapes = {"weight_ih": [features], "weight_hh": [hidden_size], "bias_ih": [], "bias_hh": []}
                names = [f"{kind}_l{layer}{suffix}" for kind in shapes][: 4 if bias else 2]
                for name, columns in zip(names, shapes.values(), strict=False):
                    value = empty(_GATES[mode] * hidden_size, *columns, device=device, dtype=dtype)
                    self.register_parameter(name, Parameter(value))
                self._names.append(names)
        self.reset_parameters()

    def _check_arguments(self, dropout: object) -> None:
        if not isinstance(dropout, numbers.Number) or isinstance(dropout, bool) or not 0 <= self.dropout <= 1:
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
            )
        if self.dropout > 0 and self.num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
                f"num_layers greater than 1, but got dropout={dropout} and num_layers={self.num_layers}",
                stacklevel=4,
            )
        for name, kind in (("bias", bool), ("batch_first", bool), ("input_size", int), ("hidden_size", int)):
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
            if kind is int and value <= 0:
                raise ValueError(f"{name} must be greater than zero")
        if self.num_layers <= 0:
            raise ValueError("num_layers must be greater than zero")
        if self.proj_size < 0:
            raise ValueError("proj_size should be a positive integer or zero to disable projections")
        if self.proj_size >= self.hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")
        if self.mode not in _GATES:
            raise ValueError(f"Unrecognized RNN mode: {self.mode}")
        if self.proj_size:
            raise NotImplementedError("LSTM: hidden states are not projected here, expected proj_size=0")

    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction, in their order."""
        return [[getattr(self, name) for name in names] for names in self._names]

    def reset_parameters(self) -> None:
        """Draw new starting values, evenly within +-1 / sqrt(hidden_size)."""
        bound = 1.0 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Do nothing: in PyTorch it lays the parameters out for cuDNN."""

    def scan(self, input: Tensor, weights: Sequence[Tensor], state: State, reverse: bool) -> tuple[Tensor, State]:
        """Return the hidden states (T, N, H) of one direction of a layer over (T, N, features), and its last state."""
        raise NotImplementedError

    def scan_all(self, input: Tensor, states: Sequence[State]) -> tuple[Tensor, list[State]]:
        """Return what the last layer says of (N, T, features) or (T, N, features), and the last states of all."""
        if self.batch_first:
            input = input.transpose(0, 1)
        if input.size(0) == 0:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        weights, last, directions = self.all_weights, list(states), self._directions()
        for layer in range(self.num_layers):
            outputs = []
            for number in range(layer * directions, (layer + 1) * directions):
                reverse = number % directions == 1
                output, last[number] = self.scan(input, weights[number], states[number], reverse)
                outputs.append(output)
            input = cat(outputs, -1) if self.bidirectional else outputs[0]
            if layer + 1 < self.num_layers:
                input = F.dropout(input, self.dropout, self.training)
        return input, last

    def check_input(self, input: Tensor) -> None:
        """Refuse an input that does not fit the weights.

        Raises:
            ValueError: it is of another type.
            RuntimeError: its size is not `input_size`.
        """
        kind = self.all_weights[0][0].dtype
        if input.dtype != kind:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({kind}). Convert input: "
                f"input.to({kind}), or convert model: model.to({input.dtype})"
            )
        if self.input_size != input.size(-1):
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.size(-1)}"
            )

    def state_shape(self, input: Tensor) -> tuple[int, int, int]:
        """Return the shape (layers and directions, N, H) of a state."""
        batch = input.size(0 if self.batch_first else 1)
        return self.num_layers * self._directions(), batch, self.hidden_size

    def check_state(self, state: Tensor, input: Tensor, name: str = "hidden") -> None:
        """Refuse a state of another shape.

        Raises:
            RuntimeError: it is.
        """
        shape = self.state_shape(input)
        if state.shape != shape:
            raise RuntimeError(f"Expected {name} size {shape}, got {list(state.shape)}")

    def extra_repr(self) -> str:
        """Return the sizes, and what is not as it is by default."""
        defaults = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False}
        changed = (f"{name}={getattr(self, name)}" for name, each in defaults.items() if getattr(self, name) != each)
        return ", ".join([str(self.input_size), str(self.hidden_size), *changed])


class RNN(RNNBase[Tensor]):
    """Elman's recurrent layers: h' = tanh(W_ih x + b_ih + W_hh h + b_hh) for each step of a sequence.

    Args:
        input_size: features of each step.
        hidden_size: size of the hidden state.
        num_layers: layers above each other; each reads the hidden states of the one below.
        nonlinearity: "tanh" or "relu".
        bias: whether there are b_ih and b_hh.
        batch_first: whether input and output are (N, T, ...) and not (T, N, ...).
        dropout: in training, the probability of zero for each element between two layers.
        bidirectional: whether a second set of weights reads the sequence from its end.
        device: "cpu".
        dtype: element type of the parameters, float32 when omitted.

    Shapes:
        Input (T, N, input_size), (N, T, input_size) or unbatched (T, input_size). Output (T, N, D * hidden_size), where
        D is 2 if it is bidirectional and else 1, and the last hidden states (D * num_layers, N, hidden_size). Of layer
        k, `weight_ih_l{k}` (hidden_size, features), `weight_hh_l{k}` (hidden_size, hidden_size), `bias_ih_l{k}` and
        `bias_hh_l{k}` (hidden_size,), and again with `_reverse`; all are drawn from +-1 / sqrt(hidden_size).

    Raises:
        ValueError: a size is not positive, `dropout` not a probability, or the nonlinearity is unknown.
        TypeError: an argument is of another type.

    Source: Elman, "Finding structure in time", 1990.

    Examples:
        >>> output, hidden = nn.RNN(10, 20, 2)(torch.zeros(5, 3, 10))
        >>> output.shape, hidden.shape
        (torch.Size([5, 3, 20]), torch.Size([2, 3, 20]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: Literal["tanh", "relu"] = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        mode = f"RNN_{nonlinearity.upper()}"
        super().__init__(
            mode, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        )
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the hidden states of the last layer after each step, and those of all layers after the last step.

        Args:
            input: (T, N, input_size), (N, T, input_size) if `batch_first`, or (T, input_size).
            hx: the hidden states at the beginning (D * num_layers, N, hidden_size), zeros when omitted; without N where
                the input has none.

        Raises:
            ValueError: the input has another number of dimensions or another type.
            RuntimeError: sizes do not fit.
        """
        if input.dim() not in (2, 3):
            raise ValueError(f"RNN: Expected input to be 2D or 3D, got {input.dim()}D tensor instead")
        is_batched, batch_dim = input.dim() == 3, 0 if self.batch_first else 1
        if hx is not None and hx.dim() != input.dim():
            kind = "batched 3-D" if is_batched else "unbatched 2-D"
            raise RuntimeError(f"For {kind} input, hx should also be {input.dim()}-D but got {hx.dim()}-D tensor")
        if not is_batched:
            input = input.unsqueeze(batch_dim)
            hx = None if hx is None else hx.unsqueeze(1)
        if hx is None:
            hx = zeros(*self.state_shape(input), dtype=input.dtype)
        self.check_input(input)
        self.check_state(hx, input)
        output, last = self.scan_all(input, hx.unbind(0))
        if self.batch_first:
            output = apply(ops.TransposeInPlace, output, dim0=0, dim1=1)
        hidden = stack(last)
        return (output, hidden) if is_batched else (output.squeeze(batch_dim), hidden.squeeze(1))

    def scan(self, input: Tensor, weights: Sequence[Tensor], state: Tensor, reverse: bool) -> tuple[Tensor, Tensor]:
        """See `RNNBase.scan`."""
        weight_ih, weight_hh = weights[:2]
        bias_ih, bias_hh = weights[2:] if self.bias else (None, None)
        activation = F.tanh if self.nonlinearity == "tanh" else F.relu
        outputs = []
        steps = F.linear(input, weight_ih, bias_ih).unbind(0)
        for step in reversed(steps) if reverse else steps:
            state = activation(F.linear(state, weight_hh, bias_hh) + step)
            outputs.append(state)
        return stack(outputs[::-1] if reverse else outputs), state


class LSTM(RNNBase[tuple[Tensor, Tensor]]):
    """Long short-term memory: recurrent layers with a cell state that gates let in, keep and let out.

    For each step, i, f, o = sigmoid(W x + b + W' h + b') and g = tanh(...), each with rows of its own in the weights;
    then c' = f c + i g and h' = o tanh(c').

    Args:
        input_size: features of each step.
        hidden_size: size of the hidden state and of the cell state.
        num_layers: layers above each other; each reads the hidden states of the one below.
        bias: whether there are biases.
        batch_first: whether input and output are (N, T, ...) and not (T, N, ...).
        dropout: in training, the probability of zero for each element between two layers.
        bidirectional: whether a second set of weights reads the sequence from its end.
        proj_size: 0, for hidden states are not projected here.
        device: "cpu".
        dtype: element type of the parameters, float32 when omitted.

    Shapes:
        Input (T, N, input_size), (N, T, input_size) or unbatched (T, input_size). Output (T, N, D * hidden_size), where
        D is 2 if it is bidirectional and else 1, and the last hidden and cell states (D * num_layers, N, hidden_size).
        Of layer k, `weight_ih_l{k}` (4 * hidden_size, features), `weight_hh_l{k}` (4 * hidden_size, hidden_size),
        `bias_ih_l{k}` and `bias_hh_l{k}` (4 * hidden_size,), and again with `_reverse`, with the rows of i, f, g and o
        in this order; all are drawn from +-1 / sqrt(hidden_size).

    Raises:
        ValueError: a size is not positive, or `dropout` not a probability.
        TypeError: an argument is of another type.
        NotImplementedError: `proj_size` is not 0.

    Source: Hochreiter and Schmidhuber, "Long short-term memory", 1997, with the forget gate of Gers, Schmidhuber and
    Cummins, "Learning to forget", 2000.

    Examples:
        >>> output, (hidden, cell) = nn.LSTM(10, 20, 2)(torch.zeros(5, 3, 10))
        >>> output.shape, hidden.shape, cell.shape
        (torch.Size([5, 3, 20]), torch.Size([2, 3, 20]), torch.Size([2, 3, 20]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(
            "LSTM",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            proj_size,
            device,
            dtype,
        )

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Return the hidden states of the last layer after each step, and all last hidden and cell states.

        Args:
            input: (T, N, input_size), (N, T, input_size) if `batch_first`, or (T, input_size).
            hx: the hidden and the cell states at the beginning, each (D * num_layers, N, hidden_size), zeros when
                omitted; without N where the input has none.

        Raises:
            ValueError: the input has another number of dimensions or another type.
            RuntimeError: sizes do not fit.
        """
        if input.dim() not in (2, 3):
            raise ValueError(f"LSTM: Expected input to be 2D or 3D, got {input.dim()}D instead")
        is_batched, batch_dim = input.dim() == 3, 0 if self.batch_first else 1
        if hx is not None and not hx[0].dim() == hx[1].dim() == input.dim():
            kind = "batched 3-D input, hx and cx" if is_batched else "unbatched 2-D input, hx and cx"
            given = f"({hx[0].dim()}-D, {hx[1].dim()}-D)"
            raise RuntimeError(f"For {kind} should also be {input.dim()}-D but got {given} tensors")
        if not is_batched:
            input = input.unsqueeze(batch_dim)
            hx = None if hx is None else (hx[0].unsqueeze(1), hx[1].unsqueeze(1))
        if hx is None:
            hidden, cell = (zeros(*self.state_shape(input), dtype=input.dtype) for _ in range(2))
        elif len(hx) != 2:
            raise RuntimeError("lstm expects two hidden states")
        else:
            hidden, cell = hx
        self.check_input(input)
        self.check_state(hidden, input, "hidden[0]")
        self.check_state(cell, input, "hidden[1]")
        output, last = self.scan_all(input, [(hidden[number], cell[number]) for number in range(len(hidden))])
        if self.batch_first:
            output = output.transpose(0, 1)
        hidden, cell = (stack(each) for each in zip(*last, strict=True))
        if not is_batched:
            output, hidden, cell = output.squeeze(batch_dim), hidden.squeeze(1), cell.squeeze(1)
        return output, (hidden, cell)

    def scan(
        self, input: Tensor, weights: Sequence[Tensor], state: tuple[Tensor, Tensor], reverse: bool
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """See `RNNBase.scan`."""
        biases = () if self.bias else (None, None)
        output, hidden, cell = apply_all(ops.LstmLayer, input, *weights, *biases, *state, reverse=reverse)
        return output, (hidden, cell)
