"""Differentiation for users: gradients on request, their own functions, modes, and what finds faults."""

from nnkit.autograd.anomaly_mode import detect_anomaly, set_detect_anomaly
from nnkit.autograd.function import Function
from nnkit.autograd.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from nnkit.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from nnkit.autograd.variable import Variable
from nnkit.tape import is_grad_enabled
from nnkit.tensors.backward import backward, grad

__all__ = [
    "Function",
    "GradcheckError",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "inference_mode",
    "is_grad_enabled",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]
