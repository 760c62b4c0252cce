"""Checkpoints in the formats of other programs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nnkit import __version__
from nnkit.errors import ConfigError, ExportError, FileAccessError
from nnkit.export.arrays import as_npz, as_safetensors
from nnkit.export.comparison import largest_difference
from nnkit.export.conversion import graph_of
from nnkit.export.graph import Graph
from nnkit.files import write_atomically
from nnkit.kernels import backend_for
from nnkit.models import Network
from nnkit.nn.tree import parameter_count
from nnkit.registry import unknown_name
from nnkit.training.checkpoint import Checkpoint, parameters_of
from nnkit.training.load import load_checkpoint

# What an export is called, after the name of its checkpoint. A safetensors file is not to replace that.
SUFFIXES = {"onnx": ".onnx", "safetensors": ".parameters.safetensors", "npz": ".npz"}
COMPARED_IMAGES = 64


@dataclass(frozen=True)
class Exported:
    """A file that was written.

    Attributes:
        path: where it is.
        format: one of `SUFFIXES`.
        size: its bytes.
        network: what it holds.
        checkpoint: where that came from.
        graph: what an ONNX file consists of; None for other formats.
        difference: the largest between a logit of onnxruntime and the engine's; None if it was not run.
    """

    path: Path
    format: str
    size: int
    network: Network
    checkpoint: Checkpoint
    graph: Graph | None = None
    difference: float | None = None

    @property
    def parameters(self) -> int:
        """The number of the network's parameters."""
        return parameter_count(self.network)


def export_checkpoint(
    checkpoint: Path,
    output: Path | None = None,
    format: str | None = None,
    *,
    raw_pixels: bool = False,
    force: bool = False,
) -> Exported:
    """Write the network of a checkpoint, without what training needs, in the format of other programs.

    Args:
        checkpoint: the file that training has written.
        output: the new file, or its folder; beside the checkpoint if not given.
        format: one of `SUFFIXES`; if not given the one that `output` ends with, or else ONNX.
        raw_pixels: whether an ONNX file is to take pixels, uint8 (N, 1, H, W), instead of normalised images.
        force: whether a file that exists may be replaced.

    Raises:
        ConfigError: the format is not known, needs a library, or does not go with the options.
        CheckpointError: the checkpoint is damaged or not one of this version.
        ExportError: the format cannot express the network, or onnxruntime does not run it as the engine does.
        FileAccessError: a file cannot be read or written, or exists already.
    """
    format = _format(output, format)
    if raw_pixels and format != "onnx":
        raise ConfigError(f"only ONNX files can take raw pixels, {format} files hold nothing but arrays")
    if format == "onnx":
        _require_onnx()
    _, network, saved = load_checkpoint(checkpoint)
    target = _target(checkpoint, output, format, force=force)
    graph, difference = None, None
    if format == "onnx":
        try:
            content, graph, difference = _as_onnx(network, saved, raw_pixels)
        except ExportError as error:
            raise ExportError(
                f"{checkpoint}: {error}; --format safetensors or npz exports the parameters of any network"
            ) from None
    else:
        encode = as_safetensors if format == "safetensors" else as_npz
        content = encode(parameters_of(network), _metadata(network, saved))
    write_atomically(target, content)
    return Exported(target, format, len(content), network, saved, graph, difference)


def _format(output: Path | None, format: str | None) -> str:
    if format is None and output is not None and not output.is_dir():
        format = output.suffix.removeprefix(".").lower()
        if format not in SUFFIXES:
            endings = ", ".join(f".{name}" for name in SUFFIXES)
            raise ConfigError(f"{output}: expected a name that ends with {endings}, or a --format")
    format = format or "onnx"
    if format not in SUFFIXES:
        raise ConfigError(unknown_name("format", format, SUFFIXES))
    return format


def _target(checkpoint: Path, output: Path | None, format: str, *, force: bool) -> Path:
    folder = checkpoint.parent if output is None else output
    target = folder / (checkpoint.stem + SUFFIXES[format]) if output is None or output.is_dir() else output
    if target.exists():
        if target.samefile(checkpoint):
            raise FileAccessError(f"{target}: is the checkpoint itself; choose another --output")
        if not force:
            raise FileAccessError(f"{target}: exists already; --force replaces it, --output writes elsewhere")
    return target


def _require_onnx() -> None:
    try:
        import onnx  # noqa: F401 (an extra)
    except ImportError:
        raise ConfigError(
            "ONNX needs the library onnx: pip install 'nnkit[onnx]' (--format safetensors and npz need nothing)"
        ) from None


def _metadata(network: Network, saved: Checkpoint) -> dict[str, str]:
    return {
        "nnkit_version": __version__,
        "network": type(network).__name__,
        "epoch": str(saved.epoch),
        "input_size": json.dumps(network.input_size),
        "mean": repr(saved.images.mean),
        "std": repr(saved.images.std),
        "classes": json.dumps(saved.images.classes),
        "config": json.dumps(saved.config),
    }


def _as_onnx(network: Network, saved: Checkpoint, raw_pixels: bool) -> tuple[bytes, Graph, float | None]:
    """Return the content of an ONNX file that has been checked, its graph, and how far its logits are off."""
    from nnkit.export import onnx_file  # See `_require_onnx`.

    graph = graph_of(network, (1, *network.input_size), saved.images if raw_pixels else None)
    content = onnx_file.encode(graph, type(network).__name__, _metadata(network, saved))
    # Raw pixels are smaller than the input where that leaves a frame to add.
    size = [max(1, side - 3) if raw_pixels else side for side in network.input_size]
    pixels = np.random.default_rng(0).integers(0, 256, (COMPARED_IMAGES, *size), np.uint8)
    places = np.arange(COMPARED_IMAGES)
    images = backend_for("cpu").gather(pixels, places, saved.images.mean, saved.images.std, network.input_size)
    given = pixels[:, None] if raw_pixels else images
    return content, graph, largest_difference(content, network, images, given)
