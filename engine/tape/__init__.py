"""The tape: a graph of nodes that remembers how each value was made, and the walk that differentiates it.

Everything here works on arrays; the tensor layer above records the nodes and wraps what users see.
"""

from nnkit.tape.hooks import Recorded, RemovableHandle, checked_gradient, shown
from nnkit.tape.modes import (
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
    is_grad_enabled,
    is_inference_mode_enabled,
    is_recording,
    set_anomaly_enabled,
    set_inference,
    set_recording,
)
from nnkit.tape.nodes import AccumulateGrad, Edge, Kind, Node, OperationNode, node_class
from nnkit.tape.versions import INFERENCE, Saved, Version, modified, new_version, plain_name
from nnkit.tape.walk import reachable, walk_backward

__all__ = [
    "INFERENCE",
    "AccumulateGrad",
    "Edge",
    "Kind",
    "Node",
    "OperationNode",
    "Recorded",
    "RemovableHandle",
    "Saved",
    "Version",
    "checked_gradient",
    "is_anomaly_check_nan_enabled",
    "is_anomaly_enabled",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "is_recording",
    "modified",
    "new_version",
    "node_class",
    "plain_name",
    "reachable",
    "set_anomaly_enabled",
    "set_inference",
    "set_recording",
    "shown",
    "walk_backward",
]
