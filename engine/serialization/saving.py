"""`save` and `load`: PyTorch's surface on safetensors files."""

from __future__ import annotations

import errno
import io
import json
import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from nnkit.devices import available, device
from nnkit.errors import CheckpointError
from nnkit.files import open_regular, write_atomically
from nnkit.serialization import container
from nnkit.serialization.values import UNPACKING_ERRORS, Packer, Unpacker
from nnkit.tensors import Tensor

MapLocation = str | device | Mapping[str, str] | Callable[[Tensor, str], Tensor | None] | None

# What a pickle begins with, and the zip file that PyTorch puts one into.
_PICKLES = (b"\x80", b"PK\x03\x04")
_FORMAT = "nnkit.save"
_FORMAT_VERSION = 1
# The trainer's own checkpoints hold the state of training beside the parameters, under names that begin with this.
_TRAINING = "__nnkit__/"


def save(obj: Any, f: str | os.PathLike[str] | BinaryIO) -> None:
    """Write values with tensors in them to a file that `load` reads.

    The file is a safetensors file whatever it is called: the arrays of a state_dict have its names there. At any moment
    it is the complete old one or the complete new one.

    Args:
        obj: dictionaries, lists, tuples, numbers, strings, None and tensors, nested in each other; usually a
            state_dict, or a dictionary of several with the epoch and the loss.
        f: a path, or a binary file that is open for writing.

    Raises:
        TypeError: there is something else in it, such as a whole module.
        RuntimeError: the folder does not exist.
        FileAccessError: the file system refused; what was there before is untouched.

    Examples:
        >>> import io
        >>> file = io.BytesIO()
        >>> torch.save({"epoch": 3, "model_state_dict": nn.Linear(2, 1).state_dict()}, file)
        >>> _ = file.seek(0)
        >>> checkpoint = torch.load(file)
        >>> checkpoint["epoch"], list(checkpoint["model_state_dict"])
        (3, ['weight', 'bias'])
    """
    packer = Packer()
    metadata = {
        "format": _FORMAT,
        "format_version": str(_FORMAT_VERSION),
        "values": json.dumps(packer.pack(obj)),
    }
    if isinstance(f, str | os.PathLike):
        path = Path(f)
        if not path.parent.is_dir():
            raise RuntimeError(f"Parent directory {path.parent} does not exist.")
        write_atomically(path, container.encode(packer.arrays, metadata))
    elif hasattr(f, "write"):
        f.write(container.encode(packer.arrays, metadata))
    else:
        raise AttributeError("expected 'f' to be string, path, or a file-like object with a 'write' attribute")


def load(f: str | os.PathLike[str] | BinaryIO, map_location: MapLocation = None, *, weights_only: bool = True) -> Any:
    """Read what `save` has written, or the arrays of any other safetensors file as a state_dict.

    No file can make this run code, or take much more memory than its own size. Of a checkpoint of `nnkit train` the
    parameters are read.

    Args:
        f: a path, or a binary file that is open for reading.
        map_location: where the tensors go: a device, a dictionary from saved to other devices, or a function of each
            tensor and the device that it was saved from, which returns the tensor to use, or None for the same.
        weights_only: without effect: nothing but tensors and plain values is ever read.

    Raises:
        FileNotFoundError: there is no such file.
        EOFError: it is empty.
        CheckpointError: it is a pickle, damaged, or something else.
        RuntimeError: `map_location` is a device that there is not.

    Examples:
        >>> import io
        >>> file = io.BytesIO()
        >>> torch.save(torch.arange(3), file)
        >>> _ = file.seek(0)
        >>> torch.load(file, map_location="cpu")
        tensor([0, 1, 2])
    """
    if not isinstance(f, str | os.PathLike):
        return _read(_rest_of(f), "the file", map_location)
    path = Path(f)
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(f))
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(f))
    with open_regular(path, CheckpointError) as file:
        return _read(file, str(f), map_location)


def _rest_of(file: Any) -> BinaryIO:
    """Return what is left to read of a file, as one of its own."""
    if not hasattr(file, "seek"):
        raise AttributeError(
            f"'{type(file).__name__}' object has no attribute 'seek'. You can only torch.load from a file that is "
            "seekable. Please pre-load the data into a buffer like io.BytesIO and try to load from it instead."
        )
    return io.BytesIO(file.read(container.MAX_FILE_BYTES + 1))


def _read(file: BinaryIO, name: str, map_location: MapLocation) -> Any:
    start = file.read(9)
    if not start:
        raise EOFError(f"{name}: empty")
    # The length that a safetensors file begins with may look like a pickle; what follows does not.
    if start.startswith(_PICKLES) and start[8:] != b"{":
        raise CheckpointError(
            f"{name}: a pickle, which could run any code and is never loaded; in PyTorch, write its state_dict with "
            "safetensors.torch.save_file(state_dict, 'model.safetensors') and load that file"
        )
    arrays, metadata = container.decode_stream(file, name, checksum=False)
    move = _mover(map_location)
    tensors = {key: move(Tensor.detached(array)) for key, array in arrays.items()}
    if metadata.get("format") != _FORMAT:
        return OrderedDict((key, tensor) for key, tensor in tensors.items() if not key.startswith(_TRAINING))
    if metadata.get("format_version") != str(_FORMAT_VERSION):
        raise CheckpointError(f"{name}: written by another version of nnkit")
    try:
        values = json.loads(metadata["values"])
        return Unpacker(tensors).unpack(values)
    except UNPACKING_ERRORS as error:
        raise CheckpointError(f"{name}: its metadata cannot be read: {error!r}") from None


def _mover(map_location: MapLocation) -> Callable[[Tensor], Tensor]:
    """Return what takes a tensor that was saved from the CPU to where it is to go."""
    if isinstance(map_location, Mapping):
        map_location = map_location.get("cpu")
    if map_location is None:
        return lambda tensor: tensor
    if isinstance(map_location, str | device):
        _require(map_location)
        return lambda tensor: tensor
    choose = map_location

    def move(tensor: Tensor) -> Tensor:
        chosen = choose(tensor, "cpu")
        return tensor if chosen is None else chosen

    return move


def _require(place: str | device) -> None:
    kind = str(place).partition(":")[0]
    if kind == "cuda":
        raise RuntimeError(
            "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. If you are "
            "running on a CPU-only machine, please use torch.load with map_location=torch.device('cpu') to map your "
            "storages to the CPU."
        )
    available(place)
