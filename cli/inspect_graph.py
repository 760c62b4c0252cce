"""`nnkit inspect-graph`: what a backward pass of a network walks through."""

from __future__ import annotations

import click

from nnkit.cli import options
from nnkit.cli.console import announce_compilation, write


@click.command("inspect-graph")
@options.config_or_checkpoint
@click.option(
    "--format",
    "language",
    type=click.Choice(["text", "dot", "mermaid", "json"]),
    default="text",
    show_default=True,
    help="An indented tree, a drawing for Graphviz or Mermaid, or data.",
)
@click.option("--depth", type=click.IntRange(min=0), metavar="N", help="Stop N steps away from the loss.")
@options.allow_code
def command(source: str, language: str, depth: int | None) -> None:
    """Print the grad_fn graph behind the loss of one batch.

    CONFIG is a path or the name of a built-in config, lenet where nothing is given. No data is read: the
    graph depends on the shape of the batch only.

    \b
    Examples:
      nnkit inspect-graph
      nnkit inspect-graph rnn --depth 8
      nnkit inspect-graph runs/lenet/best.safetensors --format dot > lenet.dot
    """  # noqa: D301 (click wants the character, not a backslash)
    # Numba and pydantic take most of a second to import; --help needs neither.
    from nnkit.dtypes import int64
    from nnkit.graph import FORMATS, trace
    from nnkit.tensors import zeros
    from nnkit.training.build import build_criterion
    from nnkit.training.load import load_run

    announce_compilation()
    config, network = load_run(source)
    size = config.data.batch_size
    logits = network(zeros(size, 1, *network.input_size))
    loss = build_criterion(config)(logits, zeros(size, dtype=int64))
    write(FORMATS[language](trace(loss, network.named_parameters(), depth=depth)))
