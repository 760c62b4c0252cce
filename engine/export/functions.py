"""What ONNX has in the place of activations, and of further functions of each element."""

from __future__ import annotations

import math

import numpy as np

from nnkit import ops
from nnkit.export.step import Converter, Step
from nnkit.ops import Operation


def elementwise(operator: str) -> Converter:
    """Return what converts an operation on all inputs in the type of the result."""

    def convert(step: Step) -> str:
        return step.graph.add(operator, *step.names())

    return convert


def _one(operator: str) -> Converter:
    def convert(step: Step) -> str:
        return step.graph.add(operator, step.name(0, step.kind))

    return convert


def _leaky_relu(step: Step) -> str:
    return step.graph.add("LeakyRelu", step.name(0), alpha=float(step.options["negative_slope"]))


def _elu(step: Step) -> str:
    bent = step.graph.add("Elu", step.name(0), alpha=float(step.options["alpha"]))
    scale = step.options.get("scale", 1.0)
    return bent if scale == 1 else step.graph.add("Mul", bent, step.number(scale))


def _hardtanh(step: Step) -> str:
    return step.graph.add("Clip", step.name(0), *(step.number(step.options[name]) for name in ("min_val", "max_val")))


def _gelu(step: Step) -> str:
    return _times_share(step, step.graph.add("Erf", _scaled(step, step.name(0), math.sqrt(0.5))))


def _gelu_of_tanh(step: Step) -> str:
    graph, name = step.graph, step.name(0)
    cubic = _scaled(step, graph.add("Mul", name, graph.add("Mul", name, name)), ops.GeluTanh.cubic)
    return _times_share(step, graph.add("Tanh", _scaled(step, graph.add("Add", name, cubic), ops.GeluTanh.inner)))


def _times_share(step: Step, bent: str) -> str:
    """Return the input times a number between -1 and 1 that is brought to between 0 and 1."""
    share = _scaled(step, step.graph.add("Add", bent, step.number(1)), 0.5)
    return step.graph.add("Mul", step.name(0), share)


def _scaled(step: Step, name: str, factor: float) -> str:
    return step.graph.add("Mul", name, step.number(factor))


def _silu(step: Step) -> str:
    return step.graph.add("Mul", step.name(0), step.graph.add("Sigmoid", step.name(0)))


def _softplus(step: Step) -> str:
    beta = step.options["beta"]
    bent = step.graph.add("Softplus", _scaled(step, step.name(0), beta))
    return step.graph.add("Div", bent, step.number(beta))


def _log_sigmoid(step: Step) -> str:
    return step.graph.add("Neg", step.graph.add("Softplus", step.graph.add("Neg", step.name(0))))


def _log_of_one_more(step: Step) -> str:
    return step.graph.add("Log", step.graph.add("Add", step.name(0, step.kind), step.number(1)))


def _exponential_minus_one(step: Step) -> str:
    return step.graph.add("Sub", step.graph.add("Exp", step.name(0, step.kind)), step.number(1))


def _log_to_base(base: float) -> Converter:
    def convert(step: Step) -> str:
        return _scaled(step, step.graph.add("Log", step.name(0, step.kind)), 1 / math.log(base))

    return convert


def _rsqrt(step: Step) -> str:
    return step.graph.add("Reciprocal", step.graph.add("Sqrt", step.name(0, step.kind)))


def _trunc(step: Step) -> str:
    name = step.name(0)
    size = step.graph.add("Floor", step.graph.add("Abs", name))
    return step.graph.add("Mul", step.graph.add("Sign", name), size)


def _round_decimals(step: Step) -> str:
    decimals = step.options["decimals"]
    factor = step.number(10.0 ** abs(decimals))
    there, back = ("Mul", "Div") if decimals > 0 else ("Div", "Mul")
    return step.graph.add(back, step.graph.add("Round", step.graph.add(there, step.name(0), factor)), factor)


def _lerp(step: Step) -> str:
    graph, (start, end, *weights) = step.graph, step.names()
    weight = weights[0] if weights else step.number(step.options["weight"])
    return graph.add("Add", start, graph.add("Mul", weight, graph.add("Sub", end, start)))


def _nan_to_num(step: Step) -> str:
    if step.kind.kind != "f":
        return step.name(0)
    graph, name, limits = step.graph, step.name(0), np.finfo(step.kind)
    tests = (
        graph.add("IsNaN", name),
        graph.add("IsInf", name, detect_negative=0),
        graph.add("IsInf", name, detect_positive=0),
    )
    for test, key, other in zip(tests, ("nan", "posinf", "neginf"), (0, limits.max, limits.min), strict=True):
        value = step.options[key]
        name = graph.add("Where", test, step.number(other if value is None else value), name)
    return name


def _clamp(step: Step) -> str:
    bounds = [step.options.get(name) for name in ("min", "max")]
    return step.graph.add("Clip", *step.names(), *("" if each is None else step.number(each) for each in bounds))


def _clamp_tensor(step: Step) -> str:
    held = step.name(0)
    for number, operator in ((1, "Max"), (2, "Min")):
        if step.inputs[number] is not None:
            held = step.graph.add(operator, held, step.name(number))
    return held


FUNCTIONS: dict[type[Operation], Converter] = {
    ops.Acos: _one("Acos"),
    ops.Asin: _one("Asin"),
    ops.Atan: _one("Atan"),
    ops.Ceil: _one("Ceil"),
    ops.Clamp: _clamp,
    ops.ClampMax: _clamp,
    ops.ClampMaxTensor: elementwise("Min"),
    ops.ClampMin: _clamp,
    ops.ClampMinTensor: elementwise("Max"),
    ops.ClampTensor: _clamp_tensor,
    ops.Cos: _one("Cos"),
    ops.Cosh: _one("Cosh"),
    ops.Elu: _elu,
    ops.EluInPlace: _elu,
    ops.Erf: _one("Erf"),
    ops.Expm1: _exponential_minus_one,
    ops.Floor: _one("Floor"),
    ops.Gelu: _gelu,
    ops.GeluTanh: _gelu_of_tanh,
    ops.Hardtanh: _hardtanh,
    ops.LeakyRelu: _leaky_relu,
    ops.LeakyReluInPlace: _leaky_relu,
    ops.Lerp: _lerp,
    ops.LerpTensor: _lerp,
    ops.Log10: _log_to_base(10),
    ops.Log1P: _log_of_one_more,
    ops.Log2: _log_to_base(2),
    ops.LogSigmoid: _log_sigmoid,
    ops.NanToNum: _nan_to_num,
    ops.Round: _one("Round"),
    ops.RoundDecimals: _round_decimals,
    ops.Rsqrt: _rsqrt,
    ops.Sgn: _one("Sign"),
    ops.Silu: _silu,
    ops.Sin: _one("Sin"),
    ops.Sinh: _one("Sinh"),
    ops.Softplus: _softplus,
    ops.Tan: _one("Tan"),
    ops.Trunc: _trunc,
}
