"""Finding the operation whose backward fails or makes the first NaN."""

from __future__ import annotations

import warnings

from nnkit.tape import is_anomaly_check_nan_enabled, is_anomaly_enabled, set_anomaly_enabled


class set_detect_anomaly:  # noqa: N801 (PyTorch's name)
    """Remember where each node of the tape is made from here on, or no longer; as a `with` block, until its end.

    If the backward pass of such a node fails, a warning shows the lines that called it in the forward pass. All of this
    takes time: it is for finding faults.

    Args:
        mode: whether to remember.
        check_nan: whether a gradient that is NaN is a failure.

    Examples:
        >>> with torch.autograd.set_detect_anomaly(True):
        ...     torch.is_anomaly_enabled()
        True
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = (is_anomaly_enabled(), is_anomaly_check_nan_enabled())
        set_anomaly_enabled(mode, check_nan)

    def __enter__(self) -> None:
        """Stay as it is."""

    def __exit__(self, *exception: object) -> None:
        set_anomaly_enabled(*self._before)


class detect_anomaly:  # noqa: N801 (PyTorch's name)
    """A `with` block in which the tape remembers where each node is made, with a warning that this takes time.

    If the backward pass of such a node fails, a warning shows the lines that called it in the forward pass.

    Args:
        check_nan: whether a gradient that is NaN is a failure.

    Examples:
        >>> import warnings
        >>> warnings.simplefilter("ignore")  # of the time that it takes, and of what failed
        >>> x = torch.zeros(1, requires_grad=True)
        >>> with torch.autograd.detect_anomaly():
        ...     (x * 0).sqrt().backward()
        Traceback (most recent call last):
            ...
        RuntimeError: Function 'MulBackward0' returned nan values in its 0th output.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            UserWarning,
            stacklevel=2,
        )

    def __enter__(self) -> None:
        self._mode = set_detect_anomaly(True, self.check_nan)

    def __exit__(self, *exception: object) -> None:
        self._mode.__exit__(*exception)
