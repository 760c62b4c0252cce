"""`nnkit summary`: what a network consists of."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from nnkit.cli import options
from nnkit.cli.console import show_status, write
from nnkit.cli.tables import table
from nnkit.escapes import printable
from nnkit.quantities import bytes_in_words

if TYPE_CHECKING:
    from nnkit.profiling.summary import LayerSummary


@click.command("summary")
@options.config_or_checkpoint
@options.allow_code
@options.as_json
def command(source: str, as_json: bool) -> None:
    """Print the layers of a network with their output shapes, parameters, FLOPs and bytes.

    FLOPs and bytes are those of one image in one forward pass: 2 FLOPs for each multiply-add of a convolution or
    matrix product, and the bytes that operations write. A layer that is called several times counts each call,
    and parameters that layers share count once. No data is read.

    \b
    Examples:
      nnkit summary
      nnkit summary rnn
      nnkit summary runs/lenet/best.safetensors --json
    """  # noqa: D301 (click wants the character, not a backslash)
    show_status(f"reading {source} ...")
    # NumPy and pydantic take a while to import; --help needs neither.
    from nnkit.profiling.summary import summarize
    from nnkit.training.load import load_run
    from nnkit.training.user_code import without_numbers

    config, network = load_run(source)
    with without_numbers(config):
        layers = summarize(network)
    total = _total(layers)
    if as_json:
        rows = [dataclasses.asdict(layer) for layer in layers]
        write(json.dumps({"network": config.network.name, "layers": rows, "total": total}))
        return
    height, width = network.input_size
    write(f"{config.network.name} for images (N, 1, {height}, {width})\n")
    write("\n".join(_table(layers, total)))
    size = 4 * total["parameters"]
    write(f"\n{total['parameters']:,} parameters ({bytes_in_words(size)}), {total['flops'] / 1e6:,.3f} MFLOP an image")


def _total(layers: Sequence[LayerSummary]) -> dict[str, int]:
    names = ("parameters", "flops", "bytes_written")
    return {name: sum(getattr(layer, name) for layer in layers) for name in names}


def _table(layers: Sequence[LayerSummary], total: dict[str, Any]) -> list[str]:
    rows = [("layer", "output", "calls", "parameters", "MFLOP", "kB")]
    rows += [
        (
            printable(f"{layer.name or 'network'} ({layer.kind})"),
            _shape(layer.shape),
            f"{layer.calls:,}" if layer.calls != 1 else "",
            *_counts(layer.parameters, layer.flops, layer.bytes_written),
        )
        for layer in layers
    ]
    rows.append(("total", "", "", *_counts(total["parameters"], total["flops"], total["bytes_written"])))
    return table(rows, "<<>>>>", drop=("kB", "calls", "MFLOP", "output"), shorten=0)


def _shape(shape: tuple[int, ...] | None) -> str:
    return "never called" if shape is None else f"(N{''.join(f', {size}' for size in shape[1:])})"


def _counts(parameters: int, flops: int, bytes_written: int) -> tuple[str, str, str]:
    return (
        f"{parameters:,}" if parameters else "",
        f"{flops / 1e6:,.3f}" if flops else "",
        f"{bytes_written / 1e3:,.1f}" if bytes_written else "",
    )
