"""`nnkit inspect-graph`: what a backward pass of a network walks through."""

from __future__ import annotations

from pathlib import Path

import click

from nnkit.cli import options, tables
from nnkit.cli.console import announce_compilation, show_status, tell, write
from nnkit.escapes import printable

# The first of each is the usual one; `nnkit.graph.FORMATS` has functions for all.
_SUFFIXES = {
    "text": (".txt",),
    "svg": (".svg",),
    "html": (".html", ".htm"),
    "json": (".json",),
    "dot": (".dot", ".gv"),
    "mermaid": (".mmd", ".mermaid"),
}


@click.command("inspect-graph")
@options.config_or_checkpoint
@click.option(
    "--format",
    "language",
    type=click.Choice(list(_SUFFIXES)),
    help="A table, a drawing, a page to look around in, data, or a drawing for Graphviz or Mermaid. "
    "[default: what the name of the output says, or text]",
)
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="PATH", help="Write into this file.")
@click.option("--depth", type=click.IntRange(min=0), metavar="N", help="Stop N steps away from the loss.")
@click.option("--unfold", is_flag=True, help="Show every repetition of a part, not the first one for all.")
@click.option("--backward", is_flag=True, help="Differentiate the loss of a real batch; show norms of gradients.")
@click.option("--time", "timed", is_flag=True, help="Measure how long each node takes, forward and backward.")
@click.option(
    "--layout",
    type=click.Choice(["auto", "own", "dot"]),
    default="auto",
    show_default=True,
    help="What arranges drawings: nnkit itself, Graphviz's dot, or what of both takes less room; dot may be missing.",
)
@options.allow_code
def command(
    source: str,
    language: str | None,
    output: Path | None,
    depth: int | None,
    unfold: bool,
    backward: bool,
    timed: bool,
    layout: str,
) -> None:
    """Show or draw the grad_fn graph behind the loss of one batch.

    CONFIG is a path or the name of a built-in config, lenet where nothing is given. Beside each node are the
    module whose operation it is, the FLOPs of the forward pass (2 for each multiply-add), and the memory that it
    keeps for the backward pass; narrow terminals get fewer columns. Parts that repeat are shown once.

    No data is read but for --backward and --time, which take the first batch of the training images, or random
    ones where the data set is not on this machine.

    \b
    Examples:
      nnkit inspect-graph
      nnkit inspect-graph rnn --output rnn.html
      nnkit inspect-graph runs/lenet/best.safetensors --backward --time
      nnkit inspect-graph lenet --format dot | dot -Tpdf > lenet.pdf
    """  # noqa: D301 (click wants the character, not a backslash)
    show_status(f"looking into {source} ...")
    # Numba and pydantic take most of a second to import; --help needs neither.
    from nnkit.files import write_atomically
    from nnkit.graph import FORMATS, fold, to_html, to_svg, to_text
    from nnkit.graph.graphviz import layout_named
    from nnkit.training.inspection import STEPS, loss_graph
    from nnkit.training.load import load_run

    language = language or _language_of(output)
    announce_compilation()
    config, network = load_run(source)
    graph = loss_graph(config, network, depth=depth, backward=backward, steps=STEPS if timed else 0)
    if not unfold:
        graph = fold(graph)
    if language == "text" and output is None:
        text = to_text(graph, tables.width())
    elif language in ("svg", "html"):
        draw = to_svg if language == "svg" else to_html
        text = draw(graph, layout=layout_named(layout))
    else:
        text = FORMATS[language](graph)
    if output is None:
        write(text)
        return
    write_atomically(output, f"{text}\n".encode())
    tell(f"the graph is in {printable(str(output))}")


def _language_of(output: Path | None) -> str:
    """Return the format that the name of a file says.

    Raises:
        click.UsageError: it says none.
    """
    if output is None:
        return "text"
    for language, suffixes in _SUFFIXES.items():
        if output.suffix.lower() in suffixes:
            return language
    known = ", ".join(suffix for suffixes in _SUFFIXES.values() for suffix in suffixes)
    raise click.UsageError(f"{output}: no known format has this suffix; give --format, or one of {known}")
