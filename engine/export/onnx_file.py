"""ONNX files; this module needs the library of that name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from nnkit import __version__
from nnkit.errors import ExportError
from nnkit.export.graph import IMAGES, LOGITS, Dimensions, Graph, Images

# Operator set 17 is the newest that run-times of 2022 know (onnxruntime 1.12), and has all that the table of operations
# uses. IR version 8 came with it; the library would write its newest one, which older run-times refuse.
OPERATOR_SET = 17
IR_VERSION = 8


def encode(graph: Graph, name: str, metadata: Mapping[str, str]) -> bytes:
    """Return the content of an ONNX file that onnx.checker has found right; equal arguments give equal bytes.

    Args:
        graph: a finished one.
        name: that of the network.
        metadata: texts that run-times hand out with the model.

    Raises:
        ExportError: the checker refuses it, or it is larger than such a file can be.
    """
    nodes = [
        helper.make_node(node.operator, node.inputs, [""] * node.output + [name], name, **_attributes(node.attributes))
        for name, node in graph.nodes.items()
    ]
    constants = [numpy_helper.from_array(np.asarray(array, order="C"), each) for each, array in graph.constants.items()]
    images = _info(IMAGES, graph.input.kind, graph.input.sizes)
    values = {each: _info(each, value.kind, _names(value.dimensions)) for each, value in graph.values.items()}
    logits = values.pop(LOGITS)
    model = helper.make_model(
        helper.make_graph(nodes, name, [images], [logits], constants, value_info=list(values.values())),
        opset_imports=[helper.make_opsetid("", OPERATOR_SET)],
        ir_version=IR_VERSION,
        producer_name="nnkit",
        producer_version=__version__,
    )
    helper.set_model_props(model, dict(metadata))
    try:
        onnx.checker.check_model(model, full_check=True)
        return model.SerializeToString(deterministic=True)
    except Exception as error:  # Each of the library's failures has a class of its own.
        raise ExportError(f"onnx refuses the graph: {' '.join(str(error).split())}") from None


def _attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: helper.np_dtype_to_tensor_dtype(value) if isinstance(value, np.dtype) else value
        for name, value in attributes.items()
    }


def _names(dimensions: Dimensions) -> list[int | str | None]:
    """Return sizes as ONNX has them: the batch is N; what is a multiple of it has no name."""
    return [("N" if size.factor == 1 else None) if isinstance(size, Images) else size for size in dimensions]


def _info(name: str, kind: np.dtype[Any], sizes: Any) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(kind), sizes)
