"""Where tensors live."""

from __future__ import annotations

_KNOWN = (
    "cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, xla, lazy, vulkan, mps, meta, hpu, "
    "mtia, privateuseone"
)


class device:  # noqa: N801 (PyTorch's name)
    """A device by name: `device("cpu")`, `device("cuda:0")` or `device("cuda", 0)`.

    Raises:
        RuntimeError: the name is not one of a device.
    """

    type: str
    index: int | None

    def __init__(self, type: str | device, index: int | None = None) -> None:
        if isinstance(type, device):
            self.type, self.index = type.type, type.index
            return
        name, separator, number = type.partition(":")
        if name not in _KNOWN.split(", ") or (separator and not number.isdecimal()):
            raise RuntimeError(f"Expected one of {_KNOWN} device type at start of device string: {name}")
        self.type = name
        self.index = int(number) if number else index

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))


CPU = device("cpu")


def available(target: str | int | device) -> device:
    """Return the device if tensors can be there.

    Raises:
        AssertionError: it is a CUDA device: there is no backend for it yet.
        RuntimeError: it is of another kind, or unknown.
    """
    chosen = device("cuda", target) if isinstance(target, int) else device(target)
    if chosen.type == "cuda":
        raise AssertionError("Torch not compiled with CUDA enabled")
    if chosen.type != "cpu":
        raise RuntimeError(f"there is no backend for the device {str(chosen)!r}; use 'cpu'")
    return chosen
