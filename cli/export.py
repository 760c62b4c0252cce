"""`nnkit export`: a trained network for other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nnkit.cli import options
from nnkit.cli.console import announce_compilation, show_status, write
from nnkit.escapes import printable
from nnkit.quantities import bytes_in_words

if TYPE_CHECKING:
    from nnkit.export import Exported
    from nnkit.export.graph import Graph


@click.command("export")
@options.checkpoint
@click.option("--format", type=click.Choice(["onnx", "safetensors", "npz"]), help="What to write; ONNX if not given.")
@click.option("--output", metavar="PATH", type=click.Path(path_type=Path), help="The new file, or a folder for it.")
@click.option("--raw-pixels", is_flag=True, help="Let the ONNX file take pixels 0..255, and normalise them itself.")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@options.allow_code
@options.as_json
def command(
    checkpoint: Path, format: str | None, output: Path | None, raw_pixels: bool, force: bool, as_json: bool
) -> None:
    """Write the network of a checkpoint for other programs.

    An ONNX file holds the network with its parameters, for any number of images. It is written after onnx.checker has
    found it right and onnxruntime has computed the same logits as nnkit, and needs: pip install 'nnkit[onnx]'. The
    formats safetensors and npz hold the parameters under their state_dict names. All three carry the config, the
    classes and the normalisation as metadata. The new file is beside the checkpoint unless --output says otherwise.

    \b
    Examples:
      nnkit export runs/lenet/best.safetensors
      nnkit export runs/lenet/best.safetensors --raw-pixels --output lenet.onnx
      nnkit export runs/lenet/best.safetensors --format npz

    \b
    To run it (0 is background, 255 is ink; mean and std are printed):
      import numpy as np, onnxruntime
      session = onnxruntime.InferenceSession("runs/lenet/best.onnx")
      images = (np.zeros((1, 1, 32, 32), np.float32) / 255 - 0.1307) / 0.3081
      (logits,) = session.run(["logits"], {"images": images})
    """  # noqa: D301 (click wants the character, not a backslash)
    show_status(f"exporting {checkpoint} ...")
    # Numba and pydantic take most of a second to import; --help needs neither.
    from nnkit.export import export_checkpoint

    announce_compilation()
    exported = export_checkpoint(checkpoint, output, format, raw_pixels=raw_pixels, force=force)
    write(json.dumps(_as_values(exported)) if as_json else _as_text(exported))


def _as_values(exported: Exported) -> dict[str, Any]:
    images = exported.checkpoint.images
    values = {
        "path": str(exported.path),
        "format": exported.format,
        "bytes": exported.size,
        "network": type(exported.network).__name__,
        "epoch": exported.checkpoint.epoch,
        "parameters": exported.parameters,
        "classes": images.classes,
        "mean": images.mean,
        "std": images.std,
    }
    if exported.graph is not None:
        kind, sizes = exported.graph.input
        values["input"] = {"type": str(kind), "shape": sizes}
        values["difference"] = exported.difference
    return values


def _as_text(exported: Exported) -> str:
    path = printable(str(exported.path))
    quoted = json.dumps(path)
    uses = {
        "onnx": f'onnxruntime.InferenceSession({quoted}).run(["logits"], {{"images": images}})',
        "safetensors": f"model.load_state_dict(safetensors.torch.load_file({quoted}))",
        "npz": f"arrays = numpy.load({quoted})",
    }
    lines = [
        f"{path}: {type(exported.network).__name__} after epoch {exported.checkpoint.epoch}, "
        f"{exported.parameters:,} parameters, {bytes_in_words(exported.size)}",
        *([] if exported.graph is None else _about(exported, exported.graph)),
        f"next: {uses[exported.format]}",
    ]
    return "\n".join(lines)


def _about(exported: Exported, graph: Graph) -> list[str]:
    """Return lines about an ONNX file."""
    from nnkit.export import COMPARED_IMAGES

    kind, sizes = graph.input
    images, (height, width) = exported.checkpoint.images, exported.network.input_size
    if kind == "uint8":
        meaning = f"pixels, 0 is background; H and W up to {height} and {width}"
    else:
        meaning = f"(pixels / 255 - {images.mean:.6g}) / {images.std:.6g}, 0 is background"
    if exported.difference is None:
        checked = "not run, since onnxruntime is not installed: pip install 'nnkit[onnx]'"
    else:
        checked = f"onnxruntime agrees within {exported.difference:.1e} on {COMPARED_IMAGES} random images"
    return [
        "",
        f"images   {kind} ({', '.join(map(str, sizes))}): {meaning}",
        f"logits   float32 (N, {graph.values['logits'].dimensions[-1]})",
        f"checked  {checked}",
        "",
    ]
