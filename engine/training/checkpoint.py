"""A network and, where training is to go on, the state of its training, in one safetensors file.

Parameters and buffers have their state_dict names, so that PyTorch's `safetensors.torch.load_file` gives a
state_dict; where training averages the parameters, these are the averages. What training needs besides has names
under `__nnkit__/`; a checkpoint of the network alone has none. The metadata holds the config, epoch and step, the
format, and the checksum (see `container`).
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nnkit import __version__
from nnkit.data import ImageSet
from nnkit.errors import CheckpointError, NonFiniteError
from nnkit.files import write_atomically
from nnkit.nn import Module
from nnkit.serialization import container
from nnkit.serialization.values import UNPACKING_ERRORS, Packer, Unpacker
from nnkit.tensors import Tensor

Array = npt.NDArray[Any]

FORMAT_VERSION = 2
STATE_PREFIX = "__nnkit__/"
# Pixels are 0..1; what is normalised by more than this is nothing, and by less it is not a number.
_LARGEST_PIXEL = 1e6
_COUNT = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True)
class ImageFormat:
    """How a network was taught to see: the classes it tells apart, and the pixels' normalisation (on 0..1)."""

    classes: tuple[str, ...]
    mean: float
    std: float

    @classmethod
    def of(cls, image_set: ImageSet) -> ImageFormat:
        """Return the format of a data set."""
        return cls(image_set.classes, image_set.mean, image_set.std)

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> ImageFormat:
        """Return the format that was written as plain values.

        Raises:
            ValueError: images cannot be normalised so, or the classes have no names that could be shown.
        """
        classes, mean, std = values["classes"], float(values["mean"]), float(values["std"])
        if not isinstance(classes, list) or not all(isinstance(name, str) and name.isprintable() for name in classes):
            raise ValueError("the classes are not names")
        if not abs(mean) <= _LARGEST_PIXEL or not 1 / _LARGEST_PIXEL <= std <= _LARGEST_PIXEL:
            raise ValueError(f"pixels cannot be normalised by mean {mean} and standard deviation {std}")
        return cls(tuple(classes), mean, std)

    def applied_to(self, image_set: ImageSet) -> ImageSet:
        """Return the same images normalised in this way."""
        return dataclasses.replace(image_set, mean=self.mean, std=self.std)


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds.

    `config` is the config of the run as plain values, `parameters` the network's state_dict as arrays, and
    `images` how the network sees images.
    `state` is made of dict, list, tuple, numbers, strings and tensors; it is None where the network was
    saved alone. `epoch` and `step` count what is done.
    """

    config: dict[str, Any]
    epoch: int
    step: int
    parameters: dict[str, Array]
    images: ImageFormat
    state: dict[str, Any] | None = None

    def with_state(self, state: dict[str, Any]) -> Checkpoint:
        """Return the same with the state that training needs to go on."""
        return dataclasses.replace(self, state=state)


@dataclass(frozen=True)
class Packed:
    """What is written of a checkpoint; what it was made of may change meanwhile."""

    arrays: dict[str, Array]
    metadata: dict[str, str]


def pack(checkpoint: Checkpoint) -> Packed:
    """Copy what a checkpoint holds into the form that `write` needs.

    Raises:
        NonFiniteError: there are numbers that are not finite.
    """
    state = Packer()
    packed_state = state.pack(checkpoint.state, STATE_PREFIX)
    arrays = {**checkpoint.parameters, **state.arrays}
    metadata = {
        "format": "nnkit",
        "format_version": str(FORMAT_VERSION),
        "nnkit_version": __version__,
        "config": json.dumps(checkpoint.config),
        "epoch": str(checkpoint.epoch),
        "step": str(checkpoint.step),
        "images": json.dumps(dataclasses.asdict(checkpoint.images)),
    }
    if checkpoint.state is not None:
        try:
            metadata["state"] = json.dumps(packed_state, allow_nan=False)
        except ValueError:
            raise NonFiniteError("not saved, since the training state holds numbers that are not finite") from None
    for name in _not_finite(arrays):
        raise NonFiniteError(f"not saved, since {name} holds numbers that are not finite")
    return Packed({name: array.copy(order="C") for name, array in arrays.items()}, metadata)


def write(path: Path, packed: Packed) -> None:
    """Write a checkpoint; at any moment the file is the complete old one or the complete new one.

    Raises:
        FileAccessError: the file system refused; the old file is untouched.
    """
    write_atomically(path, container.encode(packed.arrays, packed.metadata))


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Pack and write a checkpoint.

    Raises:
        FileAccessError: the file system refused; the old file is untouched.
        NonFiniteError: there are numbers that are not finite; the old file is untouched.
    """
    write(path, pack(checkpoint))


def load(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        CheckpointError: the file is missing, damaged, of a newer format, or holds numbers that are not finite.
        FileAccessError: it may not be read.
    """
    arrays, metadata = container.decode(path)
    _check_format(path, metadata)
    for name in _not_finite(arrays):
        raise CheckpointError(f"{path}: {name} holds numbers that are not finite")
    parameters = {name: array for name, array in arrays.items() if not name.startswith(STATE_PREFIX)}
    try:
        images = json.loads(metadata["images"])
        state = json.loads(metadata.get("state", "null"), parse_float=_finite, parse_constant=_finite)
        checkpoint = Checkpoint(
            config=json.loads(metadata["config"]),
            epoch=_count(metadata["epoch"]),
            step=_count(metadata["step"]),
            parameters=parameters,
            images=ImageFormat.from_values(images),
            state=Unpacker({name: Tensor.detached(array) for name, array in arrays.items()}).unpack(state),
        )
        return _of_format_1(checkpoint) if metadata["format_version"] == "1" else checkpoint
    except (*UNPACKING_ERRORS, OverflowError) as error:
        raise CheckpointError(f"{path}: its metadata cannot be read: {error!r}") from None


def parameters_of(model: Module) -> dict[str, Array]:
    """Return a network's state_dict as arrays."""
    return {name: tensor.numpy() for name, tensor in model.state_dict().items()}


def restore(model: Module, checkpoint: Checkpoint, path: Path) -> None:
    """Give a network the parameters of a checkpoint.

    Raises:
        CheckpointError: names, shapes or types differ; the network is unchanged then.
    """
    tensors = {name: Tensor.detached(array) for name, array in checkpoint.parameters.items()}
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise CheckpointError(f"{path}: {' '.join(str(error).split())}") from None


def _check_format(path: Path, metadata: dict[str, str]) -> None:
    version = metadata.get("format_version", "")
    if metadata.get("format") != "nnkit" or not _COUNT.fullmatch(version):
        raise CheckpointError(f"{path}: not an nnkit checkpoint")
    if int(version) > FORMAT_VERSION:
        raise CheckpointError(
            f"{path}: written by a newer nnkit (format {version}, this one reads up to {FORMAT_VERSION})"
        )


def _of_format_1(checkpoint: Checkpoint) -> Checkpoint:
    """Bring a state into the present format: there were checkpoints after whole epochs only."""
    if checkpoint.state is None:
        return checkpoint
    state = dict(checkpoint.state)
    best = {"epoch": state.pop("best_epoch"), "accuracy": state.pop("best_accuracy")}
    return checkpoint.with_state({**state, "epoch": checkpoint.epoch, "step": checkpoint.step, "best": best})


def _count(text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise ValueError(f"expected a count, got {text[:20]!r}")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("the training state holds numbers that are not finite")
    return number


def _not_finite(arrays: dict[str, Array]) -> Iterator[str]:
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            yield name
