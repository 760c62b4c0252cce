"""What is recorded now: each thread has modes of its own; looking for anomalies is one for all, as in PyTorch."""

from __future__ import annotations

import sys
import threading
import traceback
import warnings


class _Modes(threading.local):
    grad = True
    inference = False
    # Both together, since every operation asks: results made for inference are never on the tape.
    recording = True


modes = _Modes()


class _Anomalies:
    wanted = False
    nan = True


anomalies = _Anomalies()


def is_grad_enabled() -> bool:
    """Return whether gradients are wanted now, in this thread.

    Examples:
        >>> with torch.no_grad():
        ...     torch.is_grad_enabled()
        False
    """
    return modes.grad


def is_inference_mode_enabled() -> bool:
    """Return whether results are made for inference alone now, in this thread.

    Examples:
        >>> with torch.inference_mode():
        ...     torch.is_inference_mode_enabled()
        True
    """
    return modes.inference


def is_recording() -> bool:
    """Return whether operations are put on the tape now, in this thread."""
    return modes.recording


def set_recording(enabled: bool) -> bool:
    """Want gradients or not in this thread, and return what it was before."""
    before = modes.grad
    modes.grad = enabled
    modes.recording = enabled and not modes.inference
    return before


def set_inference(enabled: bool) -> bool:
    """Make results for inference or not in this thread, and return what it was before."""
    before = modes.inference
    modes.inference = enabled
    modes.recording = modes.grad and not enabled
    return before


def is_anomaly_enabled() -> bool:
    """Return whether the tape remembers where each node was made.

    Examples:
        >>> torch.is_anomaly_enabled()
        False
    """
    return anomalies.wanted


def is_anomaly_check_nan_enabled() -> bool:
    """Return whether a gradient that is NaN ends a backward pass while anomalies are looked for.

    Examples:
        >>> torch.is_anomaly_check_nan_enabled()
        True
    """
    return anomalies.nan


def set_anomaly_enabled(mode: bool, check_nan: bool = True) -> None:
    """Look for anomalies or not, in all threads.

    Examples:
        >>> torch.set_anomaly_enabled(False)
        >>> torch.is_anomaly_enabled()
        False
    """
    anomalies.wanted, anomalies.nan = mode, check_nan


def calling_stack() -> list[str]:
    """Return the lines of a traceback that ends where somebody called the engine."""
    frame = sys._getframe(1)
    rooms = ("nnkit.tape", "nnkit.tensors", "nnkit.autograd")
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(rooms):
        frame = frame.f_back
    return traceback.format_stack(frame)


def tell_where_made(name: str, stack: list[str] | None) -> None:
    """Warn that the backward pass has failed in a node, and tell where the node was made."""
    if stack is None:
        told = "No forward pass information available. Enable detect anomaly during forward pass for more information."
    else:
        told = f"Traceback of forward call that caused the error:\n{''.join(stack)}"
    warnings.warn(f"Error detected in {name}. {told}", UserWarning, stacklevel=5)
