"""The table of operations: what ONNX has in the place of each.

Source: https://onnx.ai/onnx/operators/, in the versions of operator set 17.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nnkit import ops
from nnkit.errors import ExportError
from nnkit.export import windows
from nnkit.export.functions import FUNCTIONS, elementwise
from nnkit.export.graph import INT64, Graph
from nnkit.export.step import Converter, Step, fixed
from nnkit.ops import Operation
from nnkit.ops.operation import wrap_dim, wrap_dims

# The greatest int64: ONNX takes it for "to the end".
_END = 2**63 - 1


# Element by element ---------------------------------------------------------------------------------------


def _with_alpha(operator: str) -> Converter:
    def convert(step: Step) -> str:
        first, second = step.names()
        alpha = step.options.get("alpha", 1)
        if alpha != 1:
            second = step.graph.add("Mul", second, step.number(alpha))
        return step.graph.add(operator, first, second)

    return convert


def _number_minus(step: Step) -> str:
    return step.graph.add("Sub", step.number(step.options["number"]), *step.names())


def _power_of_tensor(step: Step) -> str:
    return step.graph.add("Pow", *step.names(), step.number(step.options["exponent"]))


def _power_of_number(step: Step) -> str:
    return step.graph.add("Pow", step.number(step.options["base"]), *step.names())


def _where(step: Step) -> str:
    return step.graph.add("Where", step.name(0), step.name(1, step.kind), step.name(2, step.kind))


def _masked_fill(step: Step) -> str:
    return step.graph.add("Where", step.name(1), step.number(step.options["value"]), step.name(0))


def _cast(step: Step) -> str:
    return step.name(0, step.kind)


def _softmax(operator: str) -> Converter:
    def convert(step: Step) -> str:
        return step.graph.add(operator, step.name(0), axis=wrap_dim(step.options["dim"], step.ndim))

    return convert


# Over dimensions ------------------------------------------------------------------------------------------


def _axes(step: Step) -> tuple[int, ...]:
    return wrap_dims(step.options.get("dim"), step.ndim)


def _reduce(step: Step, operator: str, name: str, *, keepdim: bool) -> str:
    axes = _axes(step)
    if not axes:
        return name  # A number is its own sum.
    # Of all reductions, only the sum has its axes as an input in this operator set.
    if operator == "ReduceSum":
        return step.graph.add(operator, name, step.graph.integers(*axes), keepdims=int(keepdim))
    return step.graph.add(operator, name, axes=list(axes), keepdims=int(keepdim))


def _reduction(operator: str) -> Converter:
    def convert(step: Step) -> str:
        return _reduce(step, operator, *step.names(), keepdim=step.keepdim)

    return convert


def _extreme(reduce: str, find: str) -> Converter:
    def convert(step: Step) -> tuple[str, str]:
        name, axis = step.name(0), wrap_dim(step.options["dim"], step.ndim)
        values = _reduce(step, reduce, name, keepdim=step.keepdim)
        return values, step.graph.add(find, name, axis=axis, keepdims=int(step.keepdim))

    return convert


def _variance(step: Step) -> str:
    name, graph = step.name(0), step.graph
    freedom = max(math.prod(fixed(step.shape(0)[axis] for axis in _axes(step))) - step.options.get("correction", 1), 0)
    centred = graph.add("Sub", name, _reduce(step, "ReduceMean", name, keepdim=True))
    total = _reduce(step, "ReduceSum", graph.add("Mul", centred, centred), keepdim=step.keepdim)
    return graph.add("Div", total, step.number(freedom))


def _deviation(step: Step) -> str:
    return step.graph.add("Sqrt", _variance(step))


def _norm(step: Step) -> str:
    order, sizes = float(step.options.get("p", 2)), step.graph.add("Abs", step.name(0))
    simple = {1.0: "ReduceSum", 2.0: "ReduceL2", math.inf: "ReduceMax", -math.inf: "ReduceMin"}
    if order in simple:
        return _reduce(step, simple[order], sizes, keepdim=step.keepdim)
    if order == 0:
        raise ExportError("counts elements")
    total = _reduce(step, "ReduceSum", step.graph.add("Pow", sizes, step.number(order)), keepdim=step.keepdim)
    return step.graph.add("Pow", total, step.number(1 / order))


# Shapes ---------------------------------------------------------------------------------------------------


def _reshape(step: Step) -> str:
    return step.graph.reshaped(step.name(0), step.dimensions)


def _same(step: Step) -> str:
    return step.name(0)


def _reversed_matrix(step: Step) -> str:
    return step.graph.add("Transpose", step.name(0), perm=[1, 0]) if step.ndim == 2 else step.name(0)


def _transpose(step: Step) -> str:
    order = list(range(step.ndim))
    if order:
        one, other = (wrap_dim(step.options[name], step.ndim) for name in ("dim0", "dim1"))
        order[one], order[other] = order[other], order[one]
    return step.graph.add("Transpose", step.name(0), perm=order)


def _permute(step: Step) -> str:
    return step.graph.add("Transpose", step.name(0), perm=[wrap_dim(dim, step.ndim) for dim in step.options["dims"]])


def _expand(step: Step) -> str:
    return step.graph.expanded(step.name(0), step.dimensions)


def _copy(step: Step) -> str:
    return step.graph.expanded(step.name(1, step.kind), step.dimensions)


def _fill(step: Step) -> str:
    return step.graph.expanded(step.number(step.options["value"]), step.dimensions)


def _picked(step: Step, position: Any, axis: int) -> str:
    return step.graph.add("Gather", step.name(0), step.graph.constant(position, INT64), axis=axis)


def _select(step: Step) -> str:
    return _picked(step, step.options["index"], step.options["dim"])


def _unbind(step: Step) -> list[str]:
    axis = wrap_dim(step.options["dim"], step.ndim)
    return [_picked(step, position, axis) for position in range(len(step.results))]


def _split(step: Step) -> list[str]:
    axis, parts, start = wrap_dim(step.options["dim"], step.ndim), [], 0
    for size in step.options["sizes"]:
        bounds = (step.graph.integers(bound) for bound in (start, start + size, axis))
        parts.append(step.graph.add("Slice", step.name(0), *bounds))
        start += size
    return parts


def _slice(step: Step) -> str:
    span = step.options["span"]
    bounds = (span.start or 0, _END if span.stop is None else span.stop, step.options["dim"], span.step or 1)
    return step.graph.add("Slice", step.name(0), *(step.graph.integers(int(bound)) for bound in bounds))


def _index(step: Step) -> str:
    *before, positions = step.options["key"]
    if positions.dtype == np.bool_ or not all(isinstance(each, slice) for each in before):
        raise ExportError("picks by a mask or by several lists")
    return _picked(step, positions, len(before))


def _cat(step: Step) -> str:
    return step.graph.add("Concat", *step.names(), axis=wrap_dim(step.options["dim"], step.ndim))


def _stack(step: Step) -> str:
    axis = wrap_dim(step.options["dim"], step.ndim + 1)
    parts = [step.graph.add("Unsqueeze", name, step.graph.integers(axis)) for name in step.names()]
    return step.graph.add("Concat", *parts, axis=axis)


# Products and windows -------------------------------------------------------------------------------------


def _product(step: Step) -> str:
    left, right = step.names()
    straight = _straight(step.graph, right)
    if straight is None:
        return step.graph.add("MatMul", left, right)
    return step.graph.add("Gemm", left, straight, transB=1)


def _addmm(step: Step) -> str:
    bias, left, right = step.names()
    straight = _straight(step.graph, right)
    factors: dict[str, Any] = {key: float(step.options[key]) for key in ("beta", "alpha") if key in step.options}
    return step.graph.add("Gemm", left, straight or right, bias, transB=int(straight is not None), **factors)


def _straight(graph: Graph, name: str) -> str | None:
    """Return the matrix that a value is the transpose of, so that weights stay as they are."""
    node = graph.nodes.get(name)
    is_transpose = node is not None and node.operator == "Transpose" and node.attributes["perm"] == [1, 0]
    return node.inputs[0] if node is not None and is_transpose else None


# The rows of i, f, g and o as ONNX has them: i, o, f and then g, which it calls c.
_GATES = (0, 3, 1, 2)


def _lstm_layer(step: Step) -> list[str]:
    graph = step.graph
    (size,) = fixed(step.shape(6)[1:])
    rows = graph.integers(*(gate * size + row for gate in _GATES for row in range(size)))

    def of_one_direction(name: str) -> str:
        return graph.add("Unsqueeze", name, graph.integers(0))

    weights = [graph.add("Gather", step.name(number), rows, axis=0) for number in (1, 2)]
    bias = ""
    if step.inputs[3] is not None:
        biases = (graph.add("Gather", step.name(number), rows, axis=0) for number in (3, 4))
        bias = of_one_direction(graph.add("Concat", *biases, axis=0))
    given = [step.name(0), *map(of_one_direction, weights), bias, ""]
    given += [of_one_direction(step.name(number)) for number in (5, 6)]
    reverse = {"direction": "reverse"} if step.options["reverse"] else {}
    # Each result has a node of its own; what nobody needs is dropped.
    results = [graph.add("LSTM", *given, output=number, hidden_size=size, **reverse) for number in range(3)]
    # One axis is the direction: the second of the sequence, the first of the states.
    axes = (graph.integers(axis) for axis in (1, 0, 0))
    return [graph.add("Squeeze", *pair) for pair in zip(results, axes, strict=True)]


def _batch_norm(step: Step) -> str:
    if step.options["training"]:
        raise ExportError("calculates with the statistics of the batch")
    channels = fixed(step.shape(0)[1:2])[0]
    missing = {1: 1.0, 2: 0.0}
    images, weight, bias, mean, variance = (
        step.name(number)
        if step.inputs[number] is not None
        else step.graph.constant(np.full(channels, missing[number]), step.kind)
        for number in range(5)
    )
    return step.graph.add("BatchNormalization", images, weight, bias, mean, variance, epsilon=step.options["eps"])


def _layer_norm(step: Step) -> str:
    dims = step.options["dims"]
    sizes = fixed(step.shape(0)[-dims:])
    scale, bias = (
        step.name(number)
        if step.inputs[number] is not None
        else step.graph.constant(np.full(sizes, missing), step.kind)
        for number, missing in ((1, 1.0), (2, 0.0))
    )
    options = {"axis": -dims, "epsilon": step.options["eps"]}
    return step.graph.add("LayerNormalization", step.name(0), scale, bias, **options)


OPERATORS: dict[type[Operation], Converter] = {
    **FUNCTIONS,
    ops.Abs: elementwise("Abs"),
    ops.AdaptiveAvgPool2D: windows.adaptive_average_pool,
    ops.Add: _with_alpha("Add"),
    ops.Addmm: _addmm,
    ops.AvgPool2D: windows.average_pool,
    ops.Bmm: _product,
    ops.Cat: _cat,
    ops.Amax: _reduction("ReduceMax"),
    ops.Amin: _reduction("ReduceMin"),
    ops.CircularPad: windows.edge_border("circular"),
    ops.Clone: _same,
    ops.ConstantPadNd: windows.constant_border,
    ops.Convolution: windows.convolution("Conv"),
    ops.Copy: _copy,
    ops.Div: elementwise("Div"),
    ops.Dot: _product,
    ops.Exp: elementwise("Exp"),
    ops.Expand: _expand,
    ops.Fill: _fill,
    ops.Index: _index,
    ops.Log: elementwise("Log"),
    ops.Logsumexp: _reduction("ReduceLogSumExp"),
    ops.LstmLayer: _lstm_layer,
    ops.LogSoftmax: _softmax("LogSoftmax"),
    ops.MaskedFill: _masked_fill,
    ops.Max: _reduction("ReduceMax"),
    ops.MaxDim: _extreme("ReduceMax", "ArgMax"),
    ops.MaxPool2DWithIndices: windows.max_pool,
    ops.Maximum: elementwise("Max"),
    ops.Mean: _reduction("ReduceMean"),
    ops.MeanDim: _reduction("ReduceMean"),
    ops.Min: _reduction("ReduceMin"),
    ops.MinDim: _extreme("ReduceMin", "ArgMin"),
    ops.Minimum: elementwise("Min"),
    ops.Mm: _product,
    ops.Mul: elementwise("Mul"),
    ops.Mv: _product,
    ops.NativeBatchNorm: _batch_norm,
    ops.NativeLayerNorm: _layer_norm,
    ops.PreluKernel: lambda step: step.graph.add("PRelu", step.name(0), step.name(1)),
    ops.Neg: elementwise("Neg"),
    ops.Norm: _norm,
    ops.Permute: _permute,
    ops.Pow: _power_of_tensor,
    ops.PowScalar: _power_of_number,
    ops.PowTensor: elementwise("Pow"),
    ops.Prod: _reduction("ReduceProd"),
    ops.ProdDim: _reduction("ReduceProd"),
    ops.Reciprocal: elementwise("Reciprocal"),
    ops.ReflectionPad1D: windows.edge_border("reflect"),
    ops.ReflectionPad2D: windows.edge_border("reflect"),
    ops.Relu: elementwise("Relu"),
    ops.ReplicationPad1D: windows.edge_border("replicate"),
    ops.ReplicationPad2D: windows.edge_border("replicate"),
    ops.Rsub: _number_minus,
    ops.Select: _select,
    ops.Sigmoid: elementwise("Sigmoid"),
    ops.Slice: _slice,
    ops.Split: _split,
    ops.SplitWithSizes: _split,
    ops.Softmax: _softmax("Softmax"),
    ops.Sqrt: elementwise("Sqrt"),
    ops.Squeeze: _reshape,
    ops.SqueezeDim: _reshape,
    ops.SqueezeDims: _reshape,
    ops.Stack: _stack,
    ops.Std: _deviation,
    ops.Sub: _with_alpha("Sub"),
    ops.Sum: _reduction("ReduceSum"),
    ops.SumDim: _reduction("ReduceSum"),
    ops.T: _reversed_matrix,
    ops.Tanh: elementwise("Tanh"),
    ops.ToCopy: _cast,
    ops.Transpose: _transpose,
    ops.TransposedConvolution: windows.convolution("ConvTranspose"),
    ops.TransposeInPlace: _transpose,
    ops.Unbind: _unbind,
    ops.UnsafeView: _reshape,
    ops.Unsqueeze: _reshape,
    ops.Var: _variance,
    ops.View: _reshape,
    ops.Where: _where,
    ops.Zero: _fill,
}
